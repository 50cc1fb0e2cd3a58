/** What reviews of SquashFS images and of the two commands have found; each failed before it was mended. */
import { spawnSync } from "node:child_process";
import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildSquashfs, type Entry, entries } from "../../dist/index.js";
import { commandPath } from "../helpers/commands.ts";
import { failureOf } from "../helpers/faults.ts";
import { canMountSquashfs, withMount } from "../helpers/mount.ts";
import { oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const kernel = oracle("kernel SquashFS mount", canMountSquashfs());
const scratch = makeScratch("squashfs-regressions");
const image = `${scratch}/image`;
const SQUASHFS = { type: "squashfs" } as const;
const silent = { status: 0, out: "", err: "" };

function run(command: "gensquashfs" | "mksquashfs", ...words: string[]) {
  const path = commandPath(command);
  const { SOURCE_DATE_EPOCH: _, ...env } = process.env;
  const ran = spawnSync(process.execPath, [path, ...words], { cwd: scratch, encoding: "utf8", env });
  return { status: ran.status, out: ran.stdout, err: ran.stderr };
}

/** The names in the root of an image. */
const names = (target = image) => withMount(target, (at) => readdirSync(at).sort(), SQUASHFS);

beforeAll(() => {
  mkdirSync(`${scratch}/tree/sub`, { recursive: true });
  for (const name of ["a", "sub/b"]) writeFileSync(`${scratch}/tree/${name}`, name);
  symlinkSync("tree", `${scratch}/link`);
});

describe.skipIf(!kernel)("ts-mksquashfs", () => {
  const build = (...words: string[]) => run("mksquashfs", ...words, image, "-noappend", "-quiet");

  // Was a bug: the image that was there became a part of the new one, as mksquashfs never has it.
  test("leaves the image out that lies in its own source", async () => {
    const inside = `${scratch}/tree/image`;
    for (const excludes of [[], [], ["-wildcards", "-e", "x*"]]) {
      expect(run("mksquashfs", "tree", "tree/image", "-noappend", "-quiet", ...excludes)).toEqual(silent);
      expect(await names(inside)).toEqual(["a", "sub"]);
    }
    rmSync(inside);
  });

  // Was a bug: the directory that it leads to was packed.
  test("packs a symbolic link that is the only source as a link", async () => {
    expect(build("link")).toEqual(silent);
    expect(await names()).toEqual(["link"]);
    expect(build("link/")).toEqual(silent);
    expect(await names()).toEqual(["a", "sub"]);
    symlinkSync("nowhere", `${scratch}/dangling`);
    expect(build("dangling")).toEqual(silent);
    expect(await names()).toEqual(["dangling"]);
  });

  // Was a bug: "list the outer path only".
  test("takes a source that lies inside another", async () => {
    expect(build("tree", "tree/sub/b", "tree/sub")).toEqual(silent);
    expect(await names()).toEqual(["b", "sub", "tree"]);
  });

  // Was a bug: it got mode 0777, owner root and time 0.
  test("gives the root with -no-strip the metadata of the directory that paths begin in", async () => {
    chmodSync(scratch, 0o2711);
    expect(run("mksquashfs", "tree/sub", image, "-noappend", "-quiet", "-no-strip")).toEqual(silent);
    await withMount(image, (at) => expect(lstatSync(at).mode).toBe(lstatSync(scratch).mode), SQUASHFS);
  });
});

test("ts-mksquashfs: -e needs something to leave out, help is printed wherever it is asked for", () => {
  const usage = "Try 'ts-mksquashfs --help' for more information.\n";
  const ran = run("mksquashfs", "tree", image, "-noappend", "-e");
  expect(ran).toEqual({ status: 2, out: "", err: `ts-mksquashfs: -e: needs an argument\n${usage}` });
  const help = run("mksquashfs", "-help");
  expect(run("mksquashfs", "tree", image, "-comp", "gzip", "-Xhelp")).toEqual(help);
  expect(help).toMatchObject({ status: 0, err: "" });
});

describe("with -quiet, or -q", () => {
  // Was a bug: a warning of times was printed all the same.
  test("there are no warnings", () => {
    writeFileSync(`${scratch}/old`, "");
    utimesSync(`${scratch}/old`, new Date(-5000), new Date(-5000));
    writeFileSync(`${scratch}/sort`, "-5 [glob] nothing*\n");
    const message = "warning: 1 times before 1970 or after 2106 became the nearest that SquashFS holds\n";
    expect(run("mksquashfs", "old", image, "-noappend", "-quiet")).toEqual(silent);
    expect(run("mksquashfs", "old", image, "-noappend")).toMatchObject({ status: 0, err: `ts-mksquashfs: ${message}` });
    expect(run("gensquashfs", "-D", "tree", "-S", "sort", "-f", "-q", image)).toEqual(silent);
  });

  // Was a bug: a rule that is for no file, such as one with a mistake in it, was passed over in silence.
  test("without it, sort rules that are for no file are named", () => {
    writeFileSync(`${scratch}/sort`, "-5 [glob] nothing*\n-7 a\n3 sub/c\n");
    expect(run("gensquashfs", "-D", "tree", "-S", "sort", "-f", image)).toMatchObject({
      status: 0,
      err: ["nothing*", "sub/c"]
        .map((path) => `ts-gensquashfs: warning: no file matches ${path} of the sort file\n`)
        .join(""),
    });
  });
});

describe("what SquashFS cannot hold", () => {
  const owners = Array.from({ length: 65_536 }, (_, uid): Entry => ({ path: `f${uid}`, uid, gid: 0 }));
  const cases: [name: string, list: Entry[], message: string][] = [
    ["owners", owners, "f9999: owner 9999 would be one more than the 65535 different ids that SquashFS holds"],
    ["links", [{ path: "a", kind: "symlink", target: "t".repeat(4096) }], "a: the target of the link has 4096 bytes"],
    [
      "attributes",
      [{ path: "a", xattrs: { "system.x": new Uint8Array(1) } }],
      "a: attribute system.x: SquashFS holds user, trusted",
    ],
  ];

  // Was a bug: it was found when the tables were written, all contents having been read and compressed before.
  test.each(cases)("is refused before contents are read: %s", async (_name, list, message) => {
    let reads = 0;
    const readAt = (into: Uint8Array) => {
      reads++;
      return into.fill(1).length;
    };
    const error = await failureOf(
      buildSquashfs(entries([{ path: "0", contents: { size: 9, readAt } }, ...list]), image),
    );
    expect(error).toMatchObject({ code: "LIMIT", message: expect.stringContaining(message) });
    expect(reads).toBe(0);
  });

  test.skipIf(!kernel)("is one owner more than this", async () => {
    await buildSquashfs(entries(owners.slice(2)), image, { compressor: "lz4" });
    await withMount(image, (at) => expect(lstatSync(`${at}/f65535`)).toMatchObject({ uid: 65535, gid: 0 }), SQUASHFS);
  });
});
