/** Lists of store paths in the commands that write SquashFS: the images of `ts-mkerofs` and of the paths as arguments. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { openImage } from "../../dist/index.js";
import { type BuildCommandName, commandPath, runCommand, runShell, SILENT } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("closure-lists");
const HASHES = ["a", "b", "c"].map((letter) => letter.repeat(32));
const names = HASHES.map((hash) => `${hash}-path`);
const paths = names.map((name) => join(scratch, "nix/store", name));

beforeAll(() => {
  for (const path of paths) {
    mkdirSync(`${path}/bin`, { recursive: true });
    writeFileSync(`${path}/bin/tool`, path.repeat(100), { mode: 0o755 });
  }
  mkdirSync(`${scratch}/info`);
  writeFileSync(`${scratch}/info/store-paths`, paths.map((path) => `${path}\n`).join(""));
  const lines = names.map((name, nr) => `/nix/store/${name}\n${"0".repeat(64)}\n112\n\n${nr}\n${refs(nr)}`);
  writeFileSync(`${scratch}/info/registration`, lines.join(""));
});

/** A path refers to all before it. */
const refs = (nr: number) =>
  names
    .slice(0, nr)
    .map((name) => `/nix/store/${name}\n`)
    .join("");

function make(name: BuildCommandName, image: string, ...words: string[]): Buffer {
  const line = { mkerofs: ["--quiet", image], mksquashfs: ["-", image, "-quiet"], gensquashfs: ["-q", image] }[name];
  const options = name === "mksquashfs" ? [...line, ...words] : [...words, ...line];
  expect(runCommand(scratch, name, options)).toEqual(SILENT);
  return readFileSync(join(scratch, image));
}

/** What is in an image. */
async function list(image: string): Promise<string[]> {
  const opened = await openImage(join(scratch, image));
  const found: string[] = [];
  for await (const { path } of opened.walk()) found.push(path);
  opened.close();
  return found;
}

test("ts-mksquashfs: -closure makes the image of the paths as arguments, with Nix's policy", async () => {
  const policy = ["-all-root", "-all-time", "0", "-no-hardlinks", "-root-mode", "755", "-keep-as-directory"];
  expect(runCommand(scratch, "mksquashfs", [...paths, "words.squashfs", ...policy, "-quiet"])).toEqual(SILENT);
  const words = readFileSync(join(scratch, "words.squashfs"));
  expect(make("mksquashfs", "list.squashfs", "-closure", "info/store-paths").equals(words)).toBe(true);
  expect(make("mksquashfs", "folder.squashfs", "-nix-closure", "info").equals(words)).toBe(true);
  const line = `"${process.execPath}" "${commandPath("mksquashfs")}" - pipe.squashfs -quiet -closure -`;
  expect(runShell(scratch, `cat info/store-paths | ${line}`)).toEqual(SILENT);
  expect(readFileSync(join(scratch, "pipe.squashfs")).equals(words)).toBe(true);
});

test("ts-gensquashfs: --closure makes the same image of a file, a folder and a pipe, and that of ts-mkerofs", async () => {
  const file = make("gensquashfs", "gen-1.squashfs", "--closure=info/store-paths");
  expect(make("gensquashfs", "gen-2.squashfs", "--nix-closure=info").equals(file)).toBe(true);
  const line = `"${process.execPath}" "${commandPath("gensquashfs")}" -q --closure=- gen-3.squashfs`;
  expect(runShell(scratch, `cat info/store-paths | ${line}`)).toEqual(SILENT);
  expect(readFileSync(join(scratch, "gen-3.squashfs")).equals(file)).toBe(true);
  make("mkerofs", "mk.squashfs", "--format=squashfs", "--closure=info");
  expect(await list("gen-1.squashfs")).toEqual(await list("mk.squashfs"));
});

test("the paths go into a store's folder, with a registration that says what the one beside the list does", async () => {
  // ts-gensquashfs has always a root of its own, and asks no list about a tree that it has changed
  const references = (text: string) => text.replace(/^[0-9a-f]{64}\n\d+$/gm, "HASH");
  const registered = references(readFileSync(join(scratch, "info/registration"), "latin1"));
  const cat = (image: string, path: string) => runCommand(scratch, "imagefs", ["cat", image, path]).out;
  make("mksquashfs", "reg-1.squashfs", "-closure", "info", "-store-dir", "/nix/store", "-registration", "reg");
  make("gensquashfs", "reg-2.squashfs", "--closure=info", "--store-dir=/nix/store", "--registration=reg");
  expect(cat("reg-1.squashfs", "reg")).toContain("0".repeat(64));
  for (const image of ["reg-1.squashfs", "reg-2.squashfs"]) {
    expect(references(cat(image, "reg"))).toBe(registered);
    expect(await list(image)).toEqual(expect.arrayContaining(names.map((name) => `nix/store/${name}/bin/tool`)));
  }
});

test("ts-mksquashfs: what is excluded, sorted or added is relative to the store", async () => {
  const [first, second] = names as [string, string];
  writeFileSync(`${scratch}/order`, `${second}/bin/tool 7\n`);
  const others = ["-sort", "order", "-p", "proc d 555 0 0", "-e", `${first}/bin`, `/nix/store/${second}/none`];
  const words = ["-", "less.squashfs", "-quiet", "-closure", "info", "-store-dir", "/nix/store", ...others];
  const ran = runCommand(scratch, "mksquashfs", words);
  expect(ran.err).toBe(`ts-mksquashfs: warning: nothing matches /nix/store/${second}/none, which is to be excluded\n`);
  const found = await list("less.squashfs");
  expect(found).not.toContain(`nix/store/${first}/bin/tool`);
  expect(found).toEqual(expect.arrayContaining([`nix/store/${first}`, `nix/store/${second}/bin/tool`, "proc"]));
});

// An argument list of such a closure breaks: the kernel takes 2 MiB of them, or a quarter of the stack.
test("a list is longer than any command line", async () => {
  const store = join(scratch, "large");
  mkdirSync(store);
  const many = Array.from({ length: 12_000 }, (_, nr) => {
    const hash = String(nr).padStart(32, "0");
    return join(store, `${hash}-${"n".repeat(180)}`);
  });
  for (const path of many) writeFileSync(path, "");
  writeFileSync(`${scratch}/many`, many.map((path) => `${path}\n`).join(""));
  const words = [commandPath("mksquashfs"), ...many, join(scratch, "no.squashfs")];
  if (process.platform === "linux") expect(spawnSync(process.execPath, words).error).toMatchObject({ code: "E2BIG" });
  make("mksquashfs", "many.squashfs", "-closure", "many");
  expect(await list("many.squashfs")).toEqual(
    expect.arrayContaining([many[0]!, many.at(-1)!].map((path) => basename(path))),
  );
});

test.each([
  ["mksquashfs", "store out -closure info", '-closure: says what is packed, and SOURCE has to be "-"'],
  ["mksquashfs", "- out -closure info -no-strip", "-closure: paths have their names only"],
  ["mksquashfs", "- out -closure info -closure-of", "-closure: there can be no -closure-of beside it"],
  ["mksquashfs", "- out -manifest m -closure info", "-closure: there can be no -manifest beside it"],
  ["mksquashfs", "- out -tar -closure info", "-tar: there can be no -closure beside it"],
  ["gensquashfs", "--closure=info -D . out", "--closure: there can be no --pack-file, no --manifest and no --pack-dir"],
  ["gensquashfs", "--closure=info --closure-of out a", "--closure-of: there can be no --closure beside it"],
  ["gensquashfs", "--closure=info out more", '"more" is too much'],
  ["gensquashfs", "--tar=x --closure=info out", "--tar: there can be no --closure beside it"],
] as const)("ts-%s %s", (name, line, message) => {
  const ran = runCommand(scratch, name, line.split(" "));
  expect(ran).toMatchObject({ status: 2, err: expect.stringContaining(`ts-${name}: ${message}`) });
});

test.each([
  ["mksquashfs", ["-", "out", "-closure", "gone"]],
  ["gensquashfs", ["--closure=gone", "out"]],
] as const)("ts-%s names a list that is not there", (name, words) => {
  const err = `ts-${name}: gone: no such file or directory\n`;
  expect(runCommand(scratch, name, words)).toEqual({ status: 1, out: "", err });
});
