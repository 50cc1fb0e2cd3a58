import { copyFileSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../../dist/index.js";
import { runCommand } from "../../helpers/commands.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("cli-imagefs");
const { version } = JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8"));
const run = (...words: string[]) => runCommand(scratch, "imagefs", words);
const json = (...words: string[]) => JSON.parse(run(...words, "--json").out);
const UUID = "00000000-0000-0000-0000-000000000001";

const LIST: Entry[] = [
  { path: "etc/os-release", contents: "NAME=none\n", mode: 0o644, mtime: { sec: 5, nsec: 7 } },
  { path: "bin", kind: "symlink", target: "usr/bin" },
  {
    path: "usr/bin/tool",
    contents: "x".repeat(5000),
    mode: 0o4755,
    uid: 3,
    xattrs: { "user.k": Uint8Array.of(0, 255) },
  },
  { path: "dev/null", kind: "char", major: 1, minor: 3, mode: 0o666 },
];

beforeAll(async () => {
  await buildErofs(entries(LIST), `${scratch}/e.img`, { uuid: UUID, label: "box", inodes: "extended" });
  await buildSquashfs(entries(LIST), `${scratch}/s.img`, {});
  writeFileSync(`${scratch}/none`, "no image".repeat(500));
  writeFileSync(`${scratch}/cut.img`, readFileSync(`${scratch}/e.img`).subarray(0, 1200));
});

describe("info", () => {
  test("in words", () => {
    expect(run("info", "e.img")).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "Format:       EROFS
      Size:         12288 bytes
      Block size:   4096
      Inodes:       9
      Time:         0 (1970-01-01T00:00:00Z)
      UUID:         00000000-0000-0000-0000-000000000001
      Label:        box
      Features:     sb_chksum mtime xattr_filter
      Compression:  none
      Needs:        Linux 5.4
      ",
        "status": 0,
      }
    `);
    expect(run("info", "s.img")).toMatchInlineSnapshot(`
      {
        "err": "",
        "out": "Format:       SquashFS
      Size:         513 bytes, in 4096
      Block size:   131072
      Inodes:       9
      Time:         5 (1970-01-01T00:00:05Z)
      Features:     always_use_fragments duplicates exportable
      Compression:  zstd
      Needs:        Linux 4.14
      ",
        "status": 0,
      }
    `);
  });

  test("in JSON", () => {
    expect(json("info", "e.img")).toMatchObject({
      version,
      image: "e.img",
      format: "erofs",
      uuid: UUID,
      label: "box",
      blockSize: 4096,
      inodes: 9,
      algorithms: [],
      minimumKernel: "5.4",
    });
    expect(json("info", "s.img")).toMatchObject({
      version,
      image: "s.img",
      format: "squashfs",
      blockSize: 131_072,
      inodes: 9,
      algorithms: ["zstd"],
    });
  });
});

describe.each(["e.img", "s.img"])("%s", (image) => {
  test("ls: the names of the root, of a directory, of a file, through a link", () => {
    expect(run("ls", image)).toEqual({ status: 0, out: "bin\ndev\netc\nusr\n", err: "" });
    expect(run("ls", image, "etc").out).toBe("os-release\n");
    expect(run("ls", image, "/etc/../etc/os-release").out).toBe("etc/os-release\n");
    expect(run("ls", image, "bin").out).toBe("tool\n");
    expect(run("ls", image, "bin", "etc").out).toBe("usr/bin/tool\netc/os-release\n");
    expect(run("ls", "-R", image).out).toBe("bin\ndev\ndev/null\netc\netc/os-release\nusr\nusr/bin\nusr/bin/tool\n");
  });

  test("ls -l: all that there is to say, in lines of equal form", () => {
    const nsec = image === "e.img" ? "000000007" : "000000000";
    expect(run("ls", "-l", image, "etc", "dev", "usr/bin").out).toBe(
      `-rw-r--r--    1 0/0                 10 1970-01-01 00:00:05.${nsec} etc/os-release\n` +
        "crw-rw-rw-    1 0/0               1, 3 1970-01-01 00:00:00.000000000 dev/null\n" +
        "-rwsr-xr-x+   1 3/0               5000 1970-01-01 00:00:00.000000000 usr/bin/tool\n",
    );
    expect(run("ls", "-l", image).out.split("\n")[0]).toMatch(/^lrwxrwxrwx .* bin -> usr\/bin$/);
  });

  test("ls in JSON", () => {
    const { entries: found, ...head } = json("ls", "-R", image);
    expect(head).toEqual({ version, image });
    const by = (path: string) => found.find((entry: { path: string }) => entry.path === path);
    expect(found.map(({ path }: { path: string }) => path)).toEqual(run("ls", "-R", image).out.trim().split("\n"));
    expect(by("bin")).toMatchObject({ kind: "symlink", target: "usr/bin", mode: 0o777, size: 7 });
    expect(by("dev/null")).toMatchObject({ kind: "char", major: 1, minor: 3, mode: 0o666 });
    expect(by("usr/bin/tool")).toMatchObject({
      kind: "file",
      uid: 3,
      mode: 0o4755,
      size: 5000,
      nlink: 1,
      xattrs: { "user.k": "00ff" },
    });
    expect(by("etc/os-release").mtime).toEqual({ sec: 5, nsec: image === "e.img" ? 7 : 0 });
  });

  test("tree", () => {
    expect(run("tree", image).out).toBe(
      [
        "/",
        "├── bin -> usr/bin",
        "├── dev",
        "│   └── null",
        "├── etc",
        "│   └── os-release",
        "└── usr",
        "    └── bin",
        "        └── tool",
        "",
        "5 directories, 4 others",
        "",
      ].join("\n"),
    );
    expect(run("tree", image, "usr").out).toBe("usr\n└── bin\n    └── tool\n\n2 directories, 1 others\n");
    expect(json("tree", image)).toEqual(json("ls", "-R", image));
  });

  test("cat", () => {
    expect(run("cat", image, "etc/os-release", "bin/tool").out).toBe(`NAME=none\n${"x".repeat(5000)}`);
    const { files } = json("cat", image, "etc/os-release", "bin/tool");
    expect(files.map(({ path, size }: { path: string; size: number }) => [path, size])).toEqual([
      ["etc/os-release", 10],
      ["bin/tool", 5000],
    ]);
    expect(Buffer.from(files[1].base64, "base64").toString()).toBe("x".repeat(5000));
    expect(run("cat", image, "etc")).toEqual({ status: 1, out: "", err: "ts-imagefs: etc: is no file\n" });
  });

  test("dump: every byte, from the first to the last", () => {
    const lines = run("dump", image).out.trimEnd().split("\n");
    expect(lines[0]).toMatch(
      image === "e.img" ? /^0x00000000 {4}1024 {2}zeros$/ : /^0x00000000 {6}96 {2}squashfs_super_block: /,
    );
    expect(json("dump", image)).toEqual({ version, image, lines });
  });

  test("usage", () => {
    const { out } = run("usage", image);
    const { size } = statSync(`${scratch}/${image}`);
    const name = image === "e.img" ? "EROFS" : "SquashFS";
    expect(out.split("\n")[0]).toBe(`${image}: ${name}, ${size} bytes`);
    const [, kinds = "", paths = ""] = out.split("\n\n");
    const sum = (table: string) =>
      table
        .split("\n")
        .slice(1)
        .reduce((all, line) => all + Number(line.trim().split(/ +/)[0]), 0);
    expect([sum(kinds), sum(paths)]).toEqual([size, size]);
    const names = paths
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/ {2,}/).at(-1));
    expect(names.toSorted()).toEqual(["(no path)", "/", "bin", "dev", "etc", "usr"]);
    const found = json("usage", "--depth=2", image);
    expect(found).toMatchObject({ version, image, format: name.toLowerCase(), bytes: size });
    expect(found.paths.map(({ path }: { path: string }) => path).toSorted()).toEqual([
      "",
      "bin",
      "dev",
      "dev/null",
      "etc",
      "etc/os-release",
      "usr",
      "usr/bin",
    ]);
    const { data, metadata, unused } = found.others;
    const all = found.paths.reduce(
      (bytes: number, row: { bytes: number }) => bytes + row.bytes,
      data + metadata + unused,
    );
    expect(all).toBe(size);
    expect(Object.values<number>(found.kinds).reduce((bytes, each) => bytes + each)).toBe(size);
  });

  test("usage --html: a page, to standard output or to a file", () => {
    const { out, status } = run("usage", "--html", image);
    expect(status).toBe(0);
    expect(out.startsWith("<!doctype html>")).toBe(true);
    expect(run("usage", "--html=page.html", image)).toEqual({ status: 0, out: "", err: "" });
    expect(readFileSync(`${scratch}/page.html`, "utf8")).toBe(out);
  });

  test("diff of an image with itself says nothing", () => {
    copyFileSync(`${scratch}/${image}`, `${scratch}/copy.img`);
    expect(run("diff", image, "copy.img")).toEqual({ status: 0, out: "", err: "" });
    expect(json("diff", image, "copy.img")).toEqual({
      version,
      images: [image, "copy.img"],
      formats: image === "e.img" ? ["erofs", "erofs"] : ["squashfs", "squashfs"],
      entries: [],
      structures: [],
      more: { entries: 0, structures: 0 },
      equal: true,
    });
  });
});

describe("diff", () => {
  beforeAll(async () => {
    const list = LIST.map((entry) =>
      entry.path === "etc/os-release" ? { ...entry, mtime: { sec: 7, nsec: 7 }, mode: 0o600 } : entry,
    );
    await buildErofs(entries([...list, { path: "new\n", contents: "" }]), `${scratch}/other.img`, {
      uuid: UUID,
      label: "box",
      inodes: "extended",
    });
    await buildErofs(entries(list), `${scratch}/changed.img`, { uuid: UUID, label: "box", inodes: "extended" });
  });

  test("names entries, then structures with the names of fields", () => {
    const { status, out, err } = run("diff", "e.img", "changed.img");
    expect([status, err]).toEqual([1, ""]);
    const lines = out.trimEnd().split("\n");
    expect(lines[0]).toBe("changed etc/os-release: mode 0644 -> 0600, mtime 5.000000007 -> 7.000000007");
    const inode = /^0x[0-9a-f]{8} erofs_inode_extended \/etc\/os-release: i_mode 0100644 -> 0100600, i_mtime 5 -> 7$/;
    expect(lines[1]).toMatch(inode);
    expect(lines).toHaveLength(2);
  });

  test("--entries, --limit, and what is beyond it", () => {
    expect(run("diff", "--entries", "e.img", "changed.img").out.trimEnd().split("\n")).toHaveLength(1);
    const { status, out } = run("diff", "--limit=1", "e.img", "other.img");
    expect(status).toBe(1);
    expect(out).toMatch(/^changed etc\/os-release.*\nand 1 more entries\n0x00000400 .*\nand \d+ more structures\n$/);
    expect(run("diff", "--entries", "e.img", "other.img").out).toContain("added new\\x0a: file\n");
    const found = json("diff", "--limit=0", "e.img", "other.img");
    expect(found).toMatchObject({ entries: [], structures: [], more: { entries: 2 }, equal: false });
    expect(found.more.structures).toBeGreaterThan(3);
  });

  test("in JSON", () => {
    const found = json("diff", "e.img", "changed.img");
    expect(found.entries).toEqual([
      {
        change: "changed",
        path: "etc/os-release",
        kind: "file",
        fields: [
          { field: "mode", from: "0644", to: "0600" },
          { field: "mtime", from: "5.000000007", to: "7.000000007" },
        ],
      },
    ]);
    expect(found.structures).toContainEqual({
      change: "changed",
      place: expect.stringMatching(/^0x/),
      what: "erofs_inode_extended /etc/os-release",
      fields: [
        { field: "i_mode", from: "0100644", to: "0100600" },
        { field: "i_mtime", from: "5", to: "7" },
      ],
    });
    expect(found.equal).toBe(false);
  });

  test("of two formats compares entries, and says so", () => {
    const note = "one is EROFS, the other SquashFS: only entries are compared\n";
    expect(run("diff", "e.img", "s.img")).toEqual({ status: 0, out: note, err: "" });
    const { status, out } = run("diff", "changed.img", "s.img");
    expect([status, out]).toEqual([1, `${note}changed etc/os-release: mode 0600 -> 0644, mtime 7 -> 5\n`]);
  });
});

describe("what goes wrong is said in a line", () => {
  test.each<[string[], string]>([
    [["ls", "none"], "none: damaged image: at 0x00000000: this is an image of neither EROFS nor SquashFS"],
    [["ls", "missing.img"], "missing.img: no such file or directory"],
    [["info", "."], ".: is neither a file nor a block device"],
    [["ls", "e.img", "etc/none"], "etc/none: is not in the image"],
    [["cat", "e.img", "etc/os-release/x"], "etc/os-release/x: leads through what is no directory"],
    [["tree", "e.img", "none"], "none: is not in the image"],
    [["ls", "-o", "1G", "e.img"], "e.img: has 12288 bytes, and no image at 1073741824"],
    [["diff", "e.img", "none"], "none: damaged image: at 0x00000000: this is an image of neither EROFS nor SquashFS"],
    [["usage", "--html=missing/page", "e.img"], "missing/page: no such file or directory"],
  ])("%j", (words, message) => {
    expect(run(...words)).toMatchObject({ status: 1, err: `ts-imagefs: ${message}\n` });
    const { error } = json(...words.filter((word) => !word.startsWith("--html")));
    if (!words.some((word) => word.startsWith("--html"))) expect(error.message).toBe(message);
  });

  test.each<[string[], string]>([
    [[], "COMMAND is missing"],
    [["lls"], '"lls" is no command: info, ls, tree, cat, extract, verify, diff, dump, usage are'],
    [["ls"], "IMAGE is missing"],
    [["cat", "e.img"], "PATH is missing"],
    [["diff", "e.img"], "B is missing"],
    [["info", "e.img", "x"], '"x" is too much'],
    [["ls", ""], 'IMAGE: "" is no path'],
    [["ls", "--depth=1", "e.img"], "--depth: is no option of ls"],
    [["usage", "--depth=x", "e.img"], '--depth: "x" is not a number'],
    [["dump", "--none", "e.img"], "--none: unknown option"],
  ])("%j is wrong usage", (words, message) => {
    const { status, out, err } = run(...words);
    expect([status, out, err.split("\n")[0]]).toEqual([2, "", `ts-imagefs: ${message}`]);
  });

  test.each(["ls -R", "tree", "dump", "usage", "verify", "usage --html"])("%s of a damaged image", (line) => {
    const { status, err } = run(...line.split(" "), "cut.img");
    expect(status).toBe(1);
    expect(err).toMatch(/^ts-imagefs: cut\.img: .*damaged image: .*\n$/);
  });

  test("in JSON an error in the middle is a field behind what was found before it", async () => {
    const [broken, whole] = [`${scratch}/broken.img`, readFileSync(`${scratch}/e.img`)];
    // the last inode of the walk has a format that there is none of
    const line = run("dump", "e.img")
      .out.split("\n")
      .find((each) => each.includes("erofs_inode_extended /usr/bin/tool"))!;
    whole.writeUInt16LE(0xffff, Number(line.split(" ")[0]));
    writeFileSync(broken, whole);
    const { status, out } = run("ls", "-R", "--json", "broken.img");
    const { entries: found, error } = JSON.parse(out);
    expect(status).toBe(1);
    expect(found.map(({ path }: { path: string }) => path)).toContain("etc/os-release");
    expect(error).toMatchObject({ code: "DAMAGED", message: expect.stringMatching(/^broken\.img: damaged image: /) });
    const read = run("cat", "--json", "e.img", "etc/os-release", "none");
    expect(read.status).toBe(1);
    expect(JSON.parse(read.out)).toMatchObject({
      files: [{ path: "etc/os-release" }],
      error: { code: "INPUT", path: "none" },
    });
  });

  test("a page is never written over the image, by whatever path; after an error the old page is there", () => {
    const before = readFileSync(`${scratch}/e.img`);
    symlinkSync("e.img", `${scratch}/link.img`);
    for (const html of ["e.img", "./e.img", "link.img"]) {
      const { status, err } = run("usage", `--html=${html}`, "e.img");
      expect([status, err]).toEqual([1, expect.stringMatching(/^ts-imagefs: .*e\.img|link\.img.*\n$/)]);
    }
    expect(readFileSync(`${scratch}/e.img`).equals(before)).toBe(true);
    writeFileSync(`${scratch}/old.html`, "old");
    expect(run("usage", "--html=old.html", "cut.img").status).toBe(1);
    expect(readFileSync(`${scratch}/old.html`, "utf8")).toBe("old");
    expect(readdirSync(scratch).filter((name) => name.includes("tmp") || name.startsWith("."))).toEqual([]);
  });
});
