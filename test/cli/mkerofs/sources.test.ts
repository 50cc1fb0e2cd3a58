/** What `ts-mkerofs` takes, and where it goes: paths of a store, what lies beside them, single directories. */
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, runCommand, SILENT } from "../../helpers/commands.ts";
import { dumpLines } from "../../helpers/dump.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const scratch = makeScratch("mkerofs-sources");
const PATH = "h7mqyzspl0hg12h0lj0xwv405zyhz5q3-a";
const run = (name: CommandName, ...words: string[]) => runCommand(scratch, name, words);
const read = (image: string) => readFileSync(`${scratch}/${image}`);
const dumpOf = async (image: string) => (await dumpLines(read(image))).join("\n");

beforeAll(() => {
  mkdirSync(`${scratch}/store/${PATH}`, { recursive: true });
  writeFileSync(`${scratch}/store/${PATH}/file`, "contents\n");
  symlinkSync(`store/${PATH}`, `${scratch}/result`);
  writeFileSync(`${scratch}/list`, `store/${PATH}\n`);
  writeFileSync(`${scratch}/extra`, "beside\n");
});

describe("a single SOURCE that is a store path", () => {
  const note = (source: string) =>
    `ts-mkerofs: note: ${source} lies in a store, and what is in it becomes the root of the image; ` +
    "--closure-of or --keep-as-directory packs the path itself\n";

  test.each([`store/${PATH}`, "result"])("is packed as mkfs.erofs packs it, which is said: %s", (source) => {
    const { status, err } = run("mkerofs", "-d1", "note.img", source);
    expect({ status, err }).toEqual({ status: 0, err: note(source) });
    expect(run("mkerofs", "--quiet", "quiet.img", source)).toEqual(SILENT);
    expect(read("note.img").equals(read("quiet.img"))).toBe(true);
  });

  test("is itself packed with --keep-as-directory, as a closure of one path is", () => {
    expect(run("mkerofs", "-d1", "--keep-as-directory", "kept.img", `store/${PATH}`).err).toBe("");
    expect(run("mkerofs", "--quiet", "--closure=list", "closure.img")).toEqual(SILENT);
    expect(read("kept.img").equals(read("closure.img"))).toBe(true);
  });
});

test("--keep-as-directory is in ts-gensquashfs and ts-mksquashfs too", async () => {
  expect(run("gensquashfs", "-q", "-f", "--all-root", "--keep-as-directory", "-D", "store", "gen.img")).toEqual(SILENT);
  const words = ["-quiet", "-noappend", "-all-root", "-all-time", "0", "-comp", "zstd", "-keep-as-directory"];
  expect(
    run("mksquashfs", "store", "mk.img", ...words, "-root-mode", "755", "-root-time", "0", "-always-use-fragments")
      .status,
  ).toBe(0);
  expect(await dumpOf("gen.img")).toContain(PATH);
  expect(await dumpOf("gen.img")).toMatch(/\bstore\b/);
  expect(await dumpOf("mk.img")).toMatch(/\bstore\b/);
  expect(run("gensquashfs", "--keep-as-directory", "-F", "list", "x.img").err).toContain(
    "--keep-as-directory: a pack file says itself what goes where",
  );
});

test("SOURCEs beside a list go into the root, wherever the list's paths go", async () => {
  expect(run("mkerofs", "--quiet", "--nix-closure=list", "beside.img", "extra")).toEqual(SILENT);
  expect(run("mkerofs", "--quiet", "both.img", `store/${PATH}`, "extra")).toEqual(SILENT);
  expect(read("beside.img").equals(read("both.img"))).toBe(true);
  expect(run("mkerofs", "--quiet", "--closure=list", "--store-dir=/nix/store", "below.img", "extra")).toEqual(SILENT);
  const dump = await dumpOf("below.img");
  for (const path of ["/extra", `/nix/store/${PATH}`]) expect(dump).toContain(` ${path} nid=`);
  expect(dump).toMatch(/ \/nix nid=.* i_mode=040755 .* i_gid=0 /);
  expect(dump).toMatch(/ \/nix\/store nid=.* i_mode=041775 .* i_uid=0 i_gid=30000 /);
  expect(run("mkerofs", "--quiet", "--closure=list", "--store-dir=/nix/store", "--all-root", "root.img")).toEqual(
    SILENT,
  );
  expect(await dumpOf("root.img")).not.toContain("i_gid=30000");
  const clash = run("mkerofs", "--closure=list", "never.img", `store/${PATH}`);
  expect(clash).toMatchObject({
    status: 1,
    err: `ts-mkerofs: ${PATH}/file: is in two of the sources that are merged\n`,
  });
});

test("what cannot be is refused before anything is read", () => {
  expect(run("mkerofs", "--store-dir=/nix/store", "never.img", "store").err).toContain(
    "--store-dir: the source has no store paths, as a closure has",
  );
  expect(run("mkerofs", "--registration", "never.img", "store").err).toContain(
    "--registration: the source has no store paths",
  );
  expect(run("mkerofs", "--store-dir=nix", "--closure=list", "never.img").err).toContain(
    '--store-dir: "nix" is no absolute path',
  );
  expect(run("mkerofs", "--binary-cache=https://cache.example", "never.img", PATH).err).toContain(
    "nothing is read from the network",
  );
});
