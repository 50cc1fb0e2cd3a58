/** Hash trees by the commands: the words that ask for them, what is printed of them, and what is refused. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type CommandName, commandPath, commandWords, runCommand, runShell } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeHashTree } from "../helpers/verity/hash-tree.ts";

const scratch = makeScratch("cli-verity");
const at = (name: string) => `${scratch}/${name}`;

beforeAll(() => {
  mkdirSync(at("tree"));
  writeFileSync(at("tree/file"), "text\n".repeat(50_000));
});

beforeEach(() => {
  for (const name of ["image", "hashes", "root"]) rmSync(at(name), { force: true });
});

/** How each command is told to make an image, with words of its own for a tree. */
const LINES: Record<string, { name: CommandName; dash: string; line: (image: string, words: string[]) => string[] }> = {
  erofs: { name: "mkerofs", dash: "--", line: (image, words) => [...words, image, "tree"] },
  "squashfs of mkerofs": {
    name: "mkerofs",
    dash: "--",
    line: (image, words) => ["--format=squashfs", ...words, image, "tree"],
  },
  gensquashfs: { name: "gensquashfs", dash: "--", line: (image, words) => ["-f", "-D", "tree", ...words, image] },
  mksquashfs: { name: "mksquashfs", dash: "-", line: (image, words) => ["tree", image, "-noappend", ...words] },
};

describe.each(Object.entries(LINES))("%s", (_, { name, dash, line }) => {
  /** An option with a value, in the command's grammar. */
  const word = (option: string, value: string) =>
    dash === "-" ? [`-${option}`, value] : [`--${option === "verity-file" ? "verity" : option}=${value}`];
  const json = `${dash}json`;

  test("appended: the report has what it takes to open it", () => {
    const { out } = runCommand(
      scratch,
      name,
      line("image", [`${dash}verity`, json, ...word("verity-root-out", "root")]),
    );
    const { verity, bytes } = JSON.parse(out);
    const image = readFileSync(at("image"));
    const made = makeHashTree(image.subarray(0, verity.hashOffset), verity);
    expect(image.subarray(verity.hashOffset).equals(made.bytes)).toBe(true);
    expect({ bytes, rootHash: verity.rootHash }).toEqual({ bytes: image.length, rootHash: made.rootHash });
    expect(readFileSync(at("root"), "utf8")).toBe(`${made.rootHash}\n`);
  });

  test("in a file, with parameters; for people a few lines say so", () => {
    const words = [...word("verity-file", "hashes"), ...word("verity-salt", "-"), `${dash}verity-no-superblock`];
    const { status, out, err } = runCommand(scratch, name, line("image", words));
    expect({ status, err }).toEqual({ status: 0, err: "" });
    const made = makeHashTree(readFileSync(at("image")), { salt: "", uuid: undefined });
    expect(readFileSync(at("hashes")).equals(made.bytes)).toBe(true);
    const blocks = readFileSync(at("image")).length / 4096;
    expect(out).toContain(`Root hash:    ${made.rootHash}\n`);
    expect(out).toContain(`Hash tree:    of ${blocks} blocks, ${made.bytes.length} bytes in hashes\n`);
    expect(out).toContain("Hash salt:    -\n");
  });

  test("- has the root hash on standard output, and all else goes elsewhere", () => {
    const words = [...word("verity-file", "hashes"), ...word("verity-salt", "-"), `${dash}verity-no-superblock`];
    const { rootHash } = (() => {
      runCommand(scratch, name, line("image", words));
      return makeHashTree(readFileSync(at("image")), { salt: "", uuid: undefined });
    })();
    for (const path of ["-", "/dev/stdout"]) {
      rmSync(at("image"));
      const { status, out, err } = runCommand(
        scratch,
        name,
        line("image", [...words, ...word("verity-root-out", path)]),
      );
      expect({ status, out }).toEqual({ status: 0, out: `${rootHash}\n` });
      expect(err).toContain(`Root hash:    ${rootHash}\n`);
    }
    expect(existsSync(at("-"))).toBe(false);
  });

  test("of an image in a pipe, in a file only", () => {
    const words = [...word("verity-file", "hashes"), json];
    const { stdout, stderr } = spawnSync(process.execPath, [commandPath(name), ...line("-", words)], { cwd: scratch });
    const { verity, bytes } = JSON.parse(stderr.toString());
    expect(readFileSync(at("hashes")).equals(makeHashTree(stdout, verity).bytes)).toBe(true);
    expect(bytes).toBe(stdout.length);
    const { status, err } = runCommand(scratch, name, line("-", [`${dash}verity`]));
    const why = "an image that goes into a pipe can have its hash tree only in a file of its own";
    expect({ status, err }).toEqual({ status: 1, err: `ts-${name}: ${dash}verity: ${why}\n` });
  });

  test.skipIf(process.platform === "win32")("of an image in a FIFO, and a root hash in one", () => {
    const words = [...word("verity-file", "hashes"), ...word("verity-root-out", "root")];
    const build = [commandWords(name), ...line("image", words)].join(" ");
    const { out } = runShell(scratch, `mkfifo image root; cat image >copy & cat root & ${build} >/dev/null; wait`);
    const { rootHash } = makeHashTree(readFileSync(at("copy")), { salt: saltOf(at("hashes")), uuid: undefined });
    expect(out).toBe(`${rootHash}\n`);
    const { err } = runCommand(scratch, name, line("image", [`${dash}verity`]));
    expect(err).toBe(
      `ts-${name}: ${dash}verity: an image that goes into a pipe can have its hash tree only in a file of its own\n`,
    );
  });

  test.each([
    [word("verity-salt", "x"), 'verity-salt: "x" is neither 1 to 256 bytes as hex digits, nor -'],
    [word("verity-uuid", "1"), 'verity-uuid: "1" is not 32 hex digits as 8-4-4-4-12'],
    [word("verity-file", ""), `verity${dash === "-" ? "-file" : ""}: "" is no file`],
    [word("verity-root-out", ""), 'verity-root-out: "" is no file'],
    ...["-", "/dev/stdout"].map((path): [string[], string] => [
      word("verity-file", path),
      `verity${dash === "-" ? "-file" : ""}: a hash tree needs a file, and "${path}" is standard output`,
    ]),
    [
      [...word("verity-root-out", "-"), json],
      "verity-root-out: standard output takes the report, in which the root hash stands",
    ],
    [
      [...word("verity-uuid", "12345678-9abc-def0-1234-56789abcdef0"), `${dash}verity-no-superblock`],
      "verity-uuid: without a superblock nothing has it",
    ],
  ])("%j is wrong usage", (words, why) => {
    const { status, out, err } = runCommand(scratch, name, line("image", [`${dash}verity`, ...words]));
    const said = words.includes(json) ? `ts-${name}: ${JSON.parse(out).error.message}` : err.split("\n")[0];
    expect({ status, said }).toEqual({ status: 2, said: `ts-${name}: ${dash}${why}` });
    expect(existsSync(at("image"))).toBe(false);
  });

  test.each([
    ["salt", word("verity-salt", "00")],
    ["uuid", word("verity-uuid", "12345678-9abc-def0-1234-56789abcdef0")],
    ["no-superblock", [`${dash}verity-no-superblock`]],
    ["root-out", word("verity-root-out", "root")],
  ])("%s alone asks for no tree, and is refused", (option, words) => {
    const { status, err } = runCommand(scratch, name, line("image", words));
    const why = `${dash}verity-${option}: needs ${dash}verity`;
    expect({ status, err: err.split("\n")[0] }).toEqual({ status: 2, err: `ts-${name}: ${why}` });
  });

  test("- is wrong usage where the image goes there", () => {
    const words = [...word("verity-file", "hashes"), ...word("verity-root-out", "-")];
    const { status, out, err } = runCommand(scratch, name, line("-", words));
    const said = `ts-${name}: ${dash}verity-root-out: standard output takes the image`;
    expect({ status, out, err: err.split("\n")[0] }).toEqual({ status: 2, out: "", err: said });
  });

  test("one file for two things is refused by its path", () => {
    const { status, err } = runCommand(scratch, name, line("image", word("verity-file", "image")));
    const why = "image: is to be the image and its hash tree";
    expect({ status, err }).toEqual({ status: 1, err: `ts-${name}: ${why}\n` });
    expect(existsSync(at("image"))).toBe(false);
  });
});

/** The salt that a superblock tells. */
function saltOf(file: string): string {
  const bytes = readFileSync(file);
  return bytes.subarray(88, 88 + bytes.readUInt16LE(80)).toString("hex");
}

test("the description of disks has the image without its tree, as devices begin where it ends", () => {
  const words = ["--chunksize=4096", "--blobdev=blob", "--vmdk-desc=disk.vmdk", "image", "tree"];
  runCommand(scratch, "mkerofs", words);
  const plain = readFileSync(at("disk.vmdk"), "utf8");
  runCommand(scratch, "mkerofs", ["--verity", ...words]);
  expect(readFileSync(at("disk.vmdk"), "utf8")).toBe(plain);
  expect(plain).toMatch(/^RW \d+ FLAT "image" 0$/m);
});

test("-log reads an image that has a tree behind it", () => {
  runCommand(scratch, "mksquashfs", ["tree", "image", "-noappend", "-log", "one"]);
  runCommand(scratch, "mksquashfs", ["tree", "image", "-noappend", "-log", "other", "-verity"]);
  expect(readFileSync(at("other"), "utf8")).toBe(readFileSync(at("one"), "utf8"));
  expect(readFileSync(at("one"), "utf8")).toContain("tree/file");
});
