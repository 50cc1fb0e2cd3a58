/** Words of mksquashfs's real command lines, and what comes of them: as mksquashfs 4.7.5 has it. */
import {
  existsSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { runCommand, SILENT } from "../../helpers/commands.ts";
import { describeTree } from "../../helpers/compare/compare.ts";
import { canMountSquashfs, runChecker, withMount } from "../../helpers/mount.ts";
import { oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("mksquashfs-words");
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;
const END = ["-noappend", "-quiet"];

const run = (...words: string[]) => runCommand(scratch, "mksquashfs", ["s", "image", ...END, ...words]);
const look = <T>(use: (at: string) => T) => withMount(image, use, SQUASHFS);
const paths = (at: string) =>
  describeTree(at)
    .map(({ path }) => `${path}`)
    .slice(1);

const ALL = ["#name", "a", "a/b", "a/b/c", "blank ", "f", "f2", "link"];
const without = (...gone: string[]) => ALL.filter((path) => !gone.includes(path));

function setTimes() {
  for (const [path, time] of [
    ["a/b/c", 50],
    ["f", 99],
    ["a/b", 10],
    ["a", 10],
    ["", 5],
  ] as const) {
    utimesSync(`${scratch}/s/${path}`, time, time);
  }
  for (const path of ["#name", "blank ", "link"]) lutimesSync(`${scratch}/s/${path}`, 1, 1);
}

beforeAll(() => {
  mkdirSync(`${scratch}/s/a/b`, { recursive: true });
  for (const path of ["#name", "a/b/c", "blank ", "f"]) writeFileSync(`${scratch}/s/${path}`, path);
  linkSync(`${scratch}/s/f`, `${scratch}/s/f2`);
  linkSync(`${scratch}/s/f`, `${scratch}/other`);
  symlinkSync("a/b", `${scratch}/s/link`);
  mkdirSync(`${scratch}/t`);
  writeFileSync(`${scratch}/t/f`, "another");
  setTimes();
});

describe.skipIf(!kernel)("what is left out", () => {
  test.each([
    [
      ["-e", "f"],
      ["f", "f2"],
    ],
    [
      ["-e", "f2"],
      ["f", "f2"],
    ],
    // it is the inode that counts
    [
      ["-e", "./other"],
      ["f", "f2"],
    ],
    [
      ["-no-hardlinks", "-e", "f"],
      ["f", "f2"],
    ],
    [["-wildcards", "-e", "f"], ["f"]],
    [
      ["-max-depth", "1"],
      ["a/b", "a/b/c"],
    ],
    [["-max-depth", "2"], ["a/b/c"]],
    [["-max-depth", "0"], ALL],
  ])("%j", async (words, gone) => {
    expect(run(...words)).toEqual(SILENT);
    expect(await look(paths)).toEqual(without(...gone));
  });

  test.each([
    ["\\#name\n", ["#name"]],
    ["# a\n\n  \\\n", []],
    ["blank \n", ["blank "]],
    ["blank\n", []],
    ["  a/b\r\n", ["a/b", "a/b/c"]],
    ["f", ["f", "f2"]],
  ])("-ef %j", async (text, gone) => {
    writeFileSync(`${scratch}/ef`, text);
    const warning = "ts-mksquashfs: warning: nothing matches blank, which is to be excluded\n";
    expect(run("-ef", "ef")).toEqual({ ...SILENT, err: text === "blank\n" ? warning : "" });
    expect(await look(paths)).toEqual(without(...gone));
  });

  test("-one-file-system-x leaves out what something is mounted on", async () => {
    const other = `${scratch}/s/mounted`;
    mkdirSync(other);
    expect(runChecker("mount", ["-t", "tmpfs", "none", other])).toMatchObject({ ok: true });
    try {
      writeFileSync(`${other}/in`, "");
      for (const [words, gone] of [
        [[], []],
        [["-one-file-system"], ["mounted/in"]],
        [["-one-file-system-x"], ["mounted", "mounted/in"]],
        [
          ["-one-file-system-x", "-all-time", "1", "-no-hardlinks"],
          ["mounted", "mounted/in"],
        ],
      ] as const) {
        expect(run(...words)).toEqual(SILENT);
        const all = [...ALL, "mounted", "mounted/in"];
        expect(await look(paths)).toEqual(all.filter((path) => !(gone as readonly string[]).includes(path)));
      }
    } finally {
      runChecker("umount", [other]);
      rmSync(other, { recursive: true });
      setTimes();
    }
  });
});

describe.skipIf(!kernel)("sources and links", () => {
  test("equal base names get _1, _2, each with its own contents", async () => {
    const words = ["s/f", "t/f", "t/f", "image", ...END];
    const warn = (count: number) =>
      `ts-mksquashfs: warning: t/f: f is another source already, so this one is f_${count}\n`;
    expect(runCommand(scratch, "mksquashfs", words)).toEqual({ ...SILENT, err: warn(1) + warn(2) });
    await look((at) => {
      expect(paths(at)).toEqual(["f", "f_1", "f_2"]);
      expect(["f", "f_1", "f_2"].map((name) => readFileSync(`${at}/${name}`, "utf8"))).toEqual([
        "f",
        "another",
        "another",
      ]);
    });
    // what is said of one by its path is of that one
    expect(runCommand(scratch, "mksquashfs", ["s/a", "a", "image", ...END])).toMatchObject({ status: 1 });
    mkdirSync(`${scratch}/t/a`);
    writeFileSync(`${scratch}/t/a/x`, "x");
    expect(runCommand(scratch, "mksquashfs", ["s/a", "t/a", "image", ...END, "-e", "./t/a/x"])).toMatchObject({
      status: 0,
    });
    expect(await look(paths)).toEqual(["a", "a/b", "a/b/c", "a_1"]);
  });

  test("-dereference packs what links lead to, and leaves out those that lead nowhere or upwards", async () => {
    const links = { "s/a/up": "..", "s/nowhere": "x", "s/to-f": "f", "s/out": "../t" };
    for (const [path, target] of Object.entries(links)) symlinkSync(target, `${scratch}/${path}`);
    const warning = (path: string, why: string, end: string) =>
      `ts-mksquashfs: warning: ${path}: the link ${why}: it is ${end}\n`;
    const warnings = (end: string) =>
      warning("a/up", "leads to a directory that it lies in", end) + warning("nowhere", "leads nowhere", end);
    const found = [...ALL, "link/c", "out", "out/a", "out/a/x", "out/f", "to-f"].sort();
    expect(run("-dereference")).toEqual({ ...SILENT, err: warnings("left out") });
    await look((at) => {
      expect(paths(at)).toEqual(found);
      expect(lstatSync(`${at}/to-f`)).toMatchObject({ nlink: 3, ino: lstatSync(`${at}/f`).ino });
      expect(readFileSync(`${at}/link/c`, "utf8")).toBe("a/b/c");
      expect(readFileSync(`${at}/out/f`, "utf8")).toBe("another");
    });
    expect(run("-deref", "keep")).toEqual({ ...SILENT, err: warnings("kept") });
    expect(await look(paths)).toEqual([...found, "a/up", "nowhere"].sort());
    expect(run("-deref-path", "/out")).toEqual(SILENT);
    expect(await look(paths)).toEqual([...ALL, "a/up", "nowhere", "to-f", "out", "out/a", "out/a/x", "out/f"].sort());
    for (const path of Object.keys(links)) rmSync(`${scratch}/${path}`);
    setTimes();
  });
});

describe.skipIf(!kernel)("times and numbers", () => {
  const times = (at: string) => ["", "a", "a/b/c", "f"].map((path) => lstatSync(`${at}/${path}`).mtimeMs / 1000);
  test.each([
    [
      ["-all-time", "inode", "-e", "link"],
      [99, 99, 99, 99],
    ],
    [
      ["-root-time", "inode", "-e", "link"],
      [99, 10, 50, 99],
    ],
    [
      ["-all-time", "010"],
      [10, 10, 10, 10],
    ],
    [
      ["-root-time", "2001-02-03 04:05:06"],
      [981_173_106, 10, 50, 99],
    ],
    [
      ["-repro-time", "Thu Jan  1 00:01:17 UTC 1970"],
      [77, 77, 77, 77],
    ],
  ])("%j", async (words, expected) => {
    expect(run(...words)).toEqual(SILENT);
    expect(await look(times)).toEqual(expected);
  });

  test("SOURCE_DATE_EPOCH that is empty means that there is none", async () => {
    const env = { SOURCE_DATE_EPOCH: "" };
    expect(runCommand(scratch, "mksquashfs", ["s", "image", ...END, "-all-time", "7"], env)).toEqual(SILENT);
    expect(await look(times)).toEqual([7, 7, 7, 7]);
    expect(runCommand(scratch, "gensquashfs", ["-D", "s", "image", "-q", "-f", "-k"], env)).toEqual(SILENT);
    expect(await look(times)).toEqual([0, 10, 50, 99]);
    expect(runCommand(scratch, "mkerofs", ["--quiet", "erofs", "s"], env)).toEqual(SILENT);
    expect(runCommand(scratch, "mksquashfs", ["s", "image", ...END], { SOURCE_DATE_EPOCH: "20" })).toEqual(SILENT);
    expect(await look(times)).toEqual([5, 10, 20, 20]);
  });

  test("numbers are decimal, and sizes may end as mksquashfs has it", async () => {
    expect(run("-force-uid", "0100", "-force-gid", "010", "-uid-gid-offset", "01")).toEqual(SILENT);
    await look((at) => expect(lstatSync(`${at}/f`)).toMatchObject({ uid: 101, gid: 11 }));
    expect(run("-b", "131072")).toEqual(SILENT);
    const normal = readFileSync(image);
    for (const size of ["0131072", "128K", "128Kbytes", "128kB", "128Kb"]) {
      expect(run("-b", size, "-processors", "01", "-o", "00")).toEqual(SILENT);
      expect(readFileSync(image).equals(normal)).toBe(true);
    }
    expect(run("-b", "1MB", "-mem", "1Gbytes")).toEqual(SILENT);
    expect(readFileSync(image).readUInt32LE(12)).toBe(1 << 20);
    expect(run("-Xcompression-level", "09")).toEqual(SILENT);
    expect(readFileSync(image).equals(normal)).toBe(true);
  });
});

describe("what is taken", () => {
  test("without effect changes no byte", () => {
    expect(run()).toEqual(SILENT);
    const normal = readFileSync(image);
    const words = [
      ["-read-queue", "4", "-write-queue", "4", "-fragment-queue", "4", "-not-reproducible"],
      ["-recovery-path", "nowhere", "-no-recovery", "-no-pager", "-cols", "20", "-exit-on-error"],
      ["-throttle", "50%", "-limit", "90"],
      ["-Xstrategy", "default,filtered,huffman_only,run_length_encoded,fixed"],
      ["-action", "noop@true"],
    ];
    for (const each of words) {
      expect(run(...each)).toEqual(SILENT);
      expect(readFileSync(image).equals(normal)).toBe(true);
    }
  });

  // that it rests is not timed here: the machine may be busy
  test("-throttle and -limit change no byte", () => {
    const images = [[], ["-throttle", "50"], ["-limit", "50"]].map((words) => {
      expect(run(...words)).toEqual(SILENT);
      return readFileSync(`${scratch}/image`);
    });
    for (const image of images) expect(image.equals(images[0]!)).toBe(true);
  });

  test("-info-file lists what is packed, in a file that must not be there", () => {
    expect(run("-info-file", "list")).toEqual(SILENT);
    expect(readFileSync(`${scratch}/list`, "utf8")).toBe(run("-info").out);
    expect(run("-info-file", "list")).toEqual({
      status: 1,
      out: "",
      err: "ts-mksquashfs: list: file already exists\n",
    });
  });

  test("-percentage prints how much is there, a line each", () => {
    const { status, out } = run("-percentage");
    const lines = out.trimEnd().split("\n").map(Number);
    expect(status).toBe(0);
    expect(lines.at(-1)).toBe(100);
    expect(lines).toEqual([...new Set(lines)].sort((a, b) => a - b));
  });

  test("-mem-default prints a number, and makes no image", () => {
    rmSync(image, { force: true });
    expect(runCommand(scratch, "mksquashfs", ["-mem-default"])).toMatchObject({ status: 0, err: "" });
    expect(run("-mem-default").out).toMatch(/^[0-9]+\n$/);
    expect(existsSync(image)).toBe(false);
  });
});
