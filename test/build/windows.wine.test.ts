/**
 * Windows is a host: what Node for Windows makes of a tree whose modes follow the rule for hosts without modes is, byte
 * for byte, what this system makes of it.
 */
import {
  chmodSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildCommandName, runCommand, SILENT } from "../helpers/commands.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { noise, words as text } from "../helpers/trees/noise.ts";
import {
  canRunWindows,
  keepWindowsRunning,
  runWindowsCommand,
  startWindowsCommand,
  windowsPath,
} from "../helpers/wine.ts";

const wine = oracle("Node for Windows under wine (.ci/windows)", canRunWindows());
const scratch = makeScratch("windows");
/** Where commands are run. */
const here = `${scratch}/here`;
const WARNING =
  "ts-mkerofs: warning: files of this system hold neither modes nor owners: 0755 was taken for directories and programs, 0644 for other files, root for owners\n";

/** What is in the tree; Windows opens the last five by other names, or as devices, unless it is told not to. */
const FILES: Readonly<Record<string, string | Uint8Array>> = {
  ...{ "aaa-pkg/bin/run": "#!/bin/sh\necho hello\n", "aaa-pkg/share/names/ünïcödé 文 🦊.txt": "names\n" },
  "aaa-pkg/lib/lib.so": Buffer.concat([Buffer.from("\x7fELF\x02\x01\x01", "latin1"), noise(1, 70_000)]),
  "aaa-pkg/lib/lib.dylib": Buffer.concat([Buffer.from("cffaedfe07000001", "hex"), text(2, 9_000)]),
  ...{ "aaa-pkg/share/Main.class": Buffer.from("cafebabe00000041", "hex"), "aaa-pkg/empty": "" },
  ...{
    "bbb-doc/manual.txt": text(3, 700_000),
    "bbb-doc/again.txt": text(3, 700_000),
    "bbb-doc/noise": noise(4, 300_000),
  },
  "bbb-doc/shifted": Buffer.concat([Buffer.from("shifted by this"), text(3, 700_000), noise(4, 200_000)]),
  ...Object.fromEntries(Array.from({ length: 40 }, (_, nr) => [`bbb-doc/small/${nr}`, text(100 + nr, 90 * nr)])),
  [`bbb-doc/${`${"long".repeat(40)}/`.repeat(6)}file`]: "a path of a thousand bytes\n",
  ...{ "bbb-doc/Case": "C", "bbb-doc/case": "c", "bbb-doc/aux": "aux", "bbb-doc/NUL.txt": "NUL" },
  ...{ "bbb-doc/dot.": "dot", "bbb-doc/blank ": "blank" },
};
const PROGRAMS = ["aaa-pkg/bin/run", "aaa-pkg/lib/lib.so", "aaa-pkg/lib/lib.dylib"];

function makeTree(root: string): void {
  const all = new Set([root]);
  for (const [path, contents] of Object.entries(FILES)) {
    const file = `${root}/${path}`;
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, contents);
    chmodSync(file, PROGRAMS.includes(path) ? 0o755 : 0o644);
    for (let at = file; at !== root; at = dirname(at)) all.add(at);
  }
  linkSync(`${root}/bbb-doc/manual.txt`, `${root}/linked.txt`);
  // Windows counts time in steps of 100 ns
  [...all].sort().forEach((path, nr) => {
    utimesSync(path, 1_600_000_000 + nr, 1_600_000_000 + nr);
  });
}

/** Links of `store/aaa` in a tree: what Windows says of each where the tree lies at `root`, and its target in the image. */
const LINKS: Readonly<Record<string, { target: (root: string) => string; expected: string }>> = {
  "link-relative": { target: () => "..\\bbb\\x", expected: "../bbb/x" },
  "link-junction": { target: (root) => `${windowsPath(`${root}/store/aaa/lib`)}\\`, expected: "lib" },
  "link-beside": { target: (root) => windowsPath(`${root}/store/bbb/lib`).toLowerCase(), expected: "../bbb/lib" },
  "link-outside": { target: () => "C:\\windows", expected: "C:/windows" },
  "link-guest": { target: () => "\\nix\\store\\x", expected: "/nix/store/x" },
};

/** Wine has no links of its own: files whose names begin like these are said to be some, with their contents as targets. */
const FAKE_LINKS = `
  import fs from "node:fs";
  import { syncBuiltinESMExports } from "node:module";
  const { lstatSync } = fs;
  const isLink = (path) => /[\\\\/]link-[^\\\\/]*$/.test(String(path));
  fs.lstatSync = (path, options) => {
    const stats = lstatSync(path, options);
    if (isLink(path)) stats.mode = typeof stats.mode === "bigint" ? 0o120666n : 0o120666;
    return stats;
  };
  fs.readlinkSync = (path) => fs.readFileSync(path);
  syncBuiltinESMExports();
`;

/** Runs a command here, or on Windows, in {@link here}. */
const onThis = (name: BuildCommandName, words: readonly string[]) => runCommand(here, name, words);
const onWindows = (name: BuildCommandName, words: readonly string[]) => runWindowsCommand(scratch, here, name, words);

const QUIET: Readonly<Record<BuildCommandName, readonly string[]>> = {
  mkerofs: ["--quiet"],
  gensquashfs: ["-q", "-f"],
  mksquashfs: ["-noappend", "-quiet", "-no-progress"],
};

/** A command line with the image's name in it, for each system its own. */
const withImage = (name: BuildCommandName, words: readonly string[], image: string) =>
  words.flatMap((word) => (word === "IMAGE" ? [image, ...QUIET[name]] : word));

describe.skipIf(!wine)("Windows", () => {
  beforeAll(() => keepWindowsRunning());
  beforeAll(() => {
    mkdirSync(here);
    makeTree(`${here}/tree`);
    const tops = ["bbb-doc", "aaa-pkg"].map((top) => `${here}/tree/${top}`);
    writeFileSync(`${here}/list`, tops.join("\n"));
    writeFileSync(`${here}/list-windows`, `\uFEFF${tops.map((top) => `${windowsPath(top)}\\\r\n\r\n`).join("")}`);
    writeFileSync(`${here}/list-verbatim`, tops.map((top) => `\\\\?\\${windowsPath(top)}\r\n`).join(""));
    const pack = "dir /d 0700 0 0\nfile /d/f 0600 0 0 tree/linked.txt\nglob /g * * * tree/aaa-pkg\n";
    writeFileSync(`${here}/pack`, pack);
    writeFileSync(`${here}/pack-windows`, pack.replaceAll("tree/", "tree\\").replaceAll("\n", "\r\n"));
  });

  const erofs = (...words: string[]) => [...words, "IMAGE", "tree"];
  test.each<[what: string, name: BuildCommandName, words: readonly string[], onWindows?: readonly string[]]>([
    ["an EROFS image", "mkerofs", erofs("-T0"), ["-T0", "IMAGE", windowsPath(`${here}/tree`)]],
    ["times, and hard links", "mkerofs", erofs()],
    ["EROFS, lz4", "mkerofs", erofs("-T0", "-zlz4")],
    ["EROFS, zstd", "mkerofs", erofs("-T0", "-zzstd", "-C65536"), ["-T0", "-zzstd", "-C64K", "IMAGE", ".\\tree\\"]],
    ["EROFS, deflate", "mkerofs", erofs("-T0", "-zdeflate,9", "--workers=3")],
    ["EROFS, ends of files packed", "mkerofs", erofs("-T0", "-zlz4hc", "-C16384", "-Eztailpacking,fragments")],
    ["EROFS, equal runs found", "mkerofs", erofs("-T0", "-zzstd", "-Ededupe", "--workers=2")],
    ["EROFS of a closure's list", "mkerofs", ["--closure=list", "IMAGE"], ["--closure=list-windows", "IMAGE"]],
    [
      "EROFS of a list of paths taken as they are",
      "mkerofs",
      ["--closure=list", "IMAGE"],
      ["--closure=list-verbatim", "IMAGE"],
    ],
    ["EROFS, other modes", "mkerofs", erofs("-T0", "--chmod=*.txt=u=rwx,go=", "--chmod=aaa-pkg/bin=2711")],
    ["EROFS, a path left out", "mkerofs", erofs("--exclude-path=aaa-pkg/lib"), erofs("--exclude-path=aaa-pkg\\lib")],
    ["SquashFS, gzip", "mkerofs", erofs("--format=squashfs", "-T0", "-zgzip,6", "--chmod=*.txt=0600")],
    [
      "SquashFS, zstd",
      "mksquashfs",
      ["tree", "IMAGE", "-comp", "zstd"],
      [windowsPath(`${here}/tree`), "IMAGE", "-comp", "zstd"],
    ],
    [
      "SquashFS, lz4, paths left out",
      "mksquashfs",
      ["tree", "list", "IMAGE", "-comp", "lz4", "-all-time", "0", "-e", "./tree/aaa-pkg/lib", "./tree/bbb-doc/small"],
      [
        "tree\\",
        "list",
        "IMAGE",
        "-comp",
        "lz4",
        "-all-time",
        "0",
        "-e",
        ".\\tree\\aaa-pkg\\lib",
        windowsPath(`${here}/tree/bbb-doc/small`),
      ],
    ],
    [
      "SquashFS, -no-strip",
      "mksquashfs",
      ["tree/aaa-pkg", "IMAGE", "-no-strip", "-all-time", "0"],
      ["tree\\aaa-pkg", "IMAGE", "-no-strip", "-all-time", "0"],
    ],
    ["EROFS with a hash tree behind it", "mkerofs", erofs("-T0", "--verity")],
    ["SquashFS with one", "mksquashfs", ["tree", "IMAGE", "-all-time", "0", "-verity"]],
    ["SquashFS of a pack file", "gensquashfs", ["-F", "pack", "IMAGE"], ["-F", "pack-windows", "IMAGE"]],
  ])("%s is the same", (_what, name, words, windowsWords = words) => {
    expect(onThis(name, withImage(name, words, "this.img"))).toEqual(SILENT);
    // as with the C tools, the quiet words of the two keep warnings
    const err = name === "mkerofs" ? "" : WARNING.replace("ts-mkerofs", `ts-${name}`);
    expect(onWindows(name, withImage(name, windowsWords, "windows.img"))).toEqual({ ...SILENT, err });
    expect(readFileSync(`${here}/windows.img`).equals(readFileSync(`${here}/this.img`))).toBe(true);
  });

  test("hash tree and root hash in files are the same, and replace what was there", () => {
    const words = (system: string) => ["-T0", "--quiet", `--verity=${system}.tree`, `--verity-root-out=${system}.root`];
    expect(onThis("mkerofs", [...words("this"), "this.img", "tree"])).toEqual(SILENT);
    writeFileSync(`${here}/windows.tree`, "old");
    expect(onWindows("mkerofs", [...words("windows"), "windows.img", "tree"])).toEqual(SILENT);
    for (const name of ["img", "tree", "root"]) {
      expect(readFileSync(`${here}/windows.${name}`).equals(readFileSync(`${here}/this.${name}`))).toBe(true);
    }
  });

  test("links and junctions are links, into the tree by a relative way", () => {
    for (const root of ["links-this", "links-windows"]) {
      mkdirSync(`${here}/${root}/store/aaa/lib`, { recursive: true });
      for (const [name, links] of Object.entries(LINKS)) {
        const path = `${here}/${root}/store/aaa/${name}`;
        if (root === "links-this") symlinkSync(links.expected, path);
        else writeFileSync(path, links.target(`${here}/${root}`));
      }
    }
    writeFileSync(`${here}/fake.mjs`, FAKE_LINKS);
    const env = { NODE_OPTIONS: `--import file:///Z:${here}/fake.mjs` };
    const words = ["-T0", "--quiet", "--workers=1"];
    for (const source of [["links"], ["links", "store/aaa"]]) {
      const [root, top] = source;
      const sourceOf = (system: string) => [`${root}-${system}`, top].filter(Boolean).join("/");
      const closure = top === undefined ? [] : [`${here}/tree/aaa-pkg`];
      expect(onThis("mkerofs", [...words, "this.img", sourceOf("this"), ...closure])).toEqual(SILENT);
      const windowsSources = [sourceOf("windows"), ...closure].map((path) => path.replaceAll("/", "\\"));
      const built = runWindowsCommand(scratch, here, "mkerofs", [...words, "windows.img", ...windowsSources], env);
      expect(built).toEqual(SILENT);
      expect(readFileSync(`${here}/windows.img`).equals(readFileSync(`${here}/this.img`))).toBe(true);
    }
  });

  test("says that modes were decided by rule, in a line and in the report", () => {
    const { status, out, err } = onWindows("mkerofs", ["--json", "report.img", "tree"]);
    expect({ status, err }).toEqual({ status: 0, err: WARNING });
    expect(JSON.parse(out)).toMatchObject({ modesByRule: true, unmatchedChmod: [] });
  });

  test("ts-mksquashfs leaves out the image that is there already", () => {
    mkdirSync(`${here}/inside`);
    const words = ["inside", "inside\\out.img", ...QUIET.mksquashfs, "-all-time", "0"];
    onWindows("mksquashfs", words);
    const first = readFileSync(`${here}/inside/out.img`);
    onWindows("mksquashfs", words);
    expect(readFileSync(`${here}/inside/out.img`).equals(first)).toBe(true);
  });

  test.each([
    [["IMAGE", "missing"], "missing: no such file or directory"],
    [["missing\\out.img", "tree"], "missing\\out.img: no such file or directory"],
    [["NUL", "tree"], "NUL: is the name of a device"],
    [["IMAGE", "\\\\no.server\\share"], "//no.server/share: no such file or directory"],
  ])("%j is refused: %s", (words, message) => {
    const before = readdirSync(here);
    expect(onWindows("mkerofs", withImage("mkerofs", words, "refused.img"))).toEqual({
      ...{ status: 1, out: "", err: `ts-mkerofs: ${message}\n` },
    });
    expect(readdirSync(here)).toEqual(before);
  });

  test("Ctrl-C ends a build, and leaves nothing behind", async () => {
    const folder = `${here}/interrupted`;
    mkdirSync(folder);
    for (let nr = 0; nr < 8; nr++) writeFileSync(`${folder}/${nr}`, text(nr, 3_000_000));
    mkdirSync(`${here}/out`);
    const words = ["-zzstd,22", "out\\c.img", "interrupted", "--quiet"];
    const { end, interrupt } = startWindowsCommand(scratch, here, "mkerofs", words);
    while (readdirSync(`${here}/out`).length === 0) await sleep(20);
    interrupt();
    expect(await end).toEqual({ status: 130, out: "", err: "ts-mkerofs: interrupted (SIGINT)\n" });
    expect(readdirSync(`${here}/out`)).toEqual([]);
  });
});
