/** Deno, Bun and another Node: the library and the commands make the bytes there that they make here, or say why not. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";
import { makeZip } from "../helpers/zip/make-zip.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const scratch = makeScratch("runtimes");
const folder = `${scratch}/root`;
const NODE = [process.execPath];

beforeAll(() => {
  mkdirSync(`${folder}/d`, { recursive: true });
  for (let file = 0; file < 300; file++) writeFileSync(`${folder}/d/${file}`, `${file}\n`.repeat(file * 20));
  writeFileSync(`${folder}/large`, createHash("sha512").update("large").digest("hex").repeat(20_000));
  symlinkSync("d/1", `${folder}/größe`);
  // not a whole number of milliseconds
  utimesSync(`${folder}/large`, 1_700_000_000.123_456, 1_700_000_000.123_456);
  const data = "a member\n".repeat(1000);
  writeFileSync(
    `${scratch}/a.zip`,
    makeZip([
      { name: "deflated", data, method: 8 },
      { name: "longer", data: data.repeat(300), method: 8 },
      { name: "stored", data },
    ]),
  );
});

function run(runtime: readonly string[], words: readonly string[], through = '"$@"') {
  // in a shell, as what Node gives as standard input is no pipe
  const line = ["-c", through, "sh", ...runtime, ...words];
  const { status, stdout, stderr } = spawnSync("sh", line, { cwd: root, encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

const mkerofs = (runtime: readonly string[], words: readonly string[], through?: string) =>
  run(runtime, ["dist/cli/mkerofs/main.js", "--quiet", ...words], through);
const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");

let ofNode: unknown;

/** What comes of all sources here, found out once. */
function imagesOfNode(): unknown {
  ofNode ??= JSON.parse(
    run(NODE, ["test/helpers/build-sources.mjs", folder, `${scratch}/a.zip`, `${scratch}/node.img`]).out,
  );
  return ofNode;
}

const otherNode = process.env.TS_MKEROFS_NODE_26;
const hasOtherNode = oracle("another Node (TS_MKEROFS_NODE_26)", otherNode !== undefined);

describe.each([
  ["deno", ["deno", "run", "-A"], oracle("deno", hasCommand("deno"))],
  ["bun", ["bun", "run"], oracle("bun", hasCommand("bun"))],
  ["other-node", [otherNode!], hasOtherNode],
])("%s", (name, runtime, isThere) => {
  test.skipIf(!isThere)("builds the same images of every kind of source, with one thread and with several", () => {
    const words = ["test/helpers/build-sources.mjs", folder, `${scratch}/a.zip`, `${scratch}/${name}.img`];
    const there = run(runtime, words);
    expect({ status: there.status, err: there.err }).toEqual({ status: 0, err: "" });
    expect(JSON.parse(there.out)).toEqual(imagesOfNode());
  });

  test.skipIf(!isThere)("its command takes an archive from a pipe, and writes to one", () => {
    const [here, there] = [`${scratch}/node.img`, `${scratch}/${name}.img`];
    const tar = `tar -c -C ${folder} d | "$@"`;
    expect(mkerofs(NODE, ["--tar=f", here], tar).status).toBe(0);
    expect(mkerofs(runtime, ["--tar=f", there], tar)).toEqual({ status: 0, out: "", err: "" });
    expect(sha256(there)).toBe(sha256(here));
    expect(mkerofs(runtime, ["-T0", "-", folder], `"$@" | cat > ${there}`)).toEqual({ status: 0, out: "", err: "" });
    expect(mkerofs(NODE, ["-T0", here, folder]).status).toBe(0);
    expect(sha256(there)).toBe(sha256(here));
    const refused = mkerofs(runtime, ["--tar=f", there], 'echo this is no archive | "$@"');
    expect(refused).toMatchObject({ status: 1, err: expect.stringContaining("standard input: is cut off") });
  });
});

test.skipIf(!hasOtherNode)("another Node has what is exported by either way of asking for it", () => {
  const kinds = 'console.log(typeof require("ts-mkerofs").buildErofs, typeof (await import("ts-mkerofs")).buildErofs)';
  const found = run([otherNode!], ["--input-type=commonjs", "--eval", `(async () => { ${kinds} })();`]);
  expect(found).toEqual({ status: 0, out: "function function\n", err: "" });
});

test.skipIf(!oracle("bun", hasCommand("bun")))("bun has files' times to the nanosecond", () => {
  const [here, there] = [`${scratch}/node.img`, `${scratch}/bun.img`];
  expect(mkerofs(NODE, [here, folder]).status).toBe(0);
  expect(mkerofs(["bun", "run"], [there, folder]).status).toBe(0);
  expect(sha256(there)).toBe(sha256(here));
});

test.skipIf(!oracle("deno", hasCommand("deno")))("deno cannot write to a FIFO, and says so", () => {
  expect(run(["mkfifo"], [`${scratch}/fifo`]).status).toBe(0);
  expect(mkerofs(["deno", "run", "-A"], ["-T0", `${scratch}/fifo`, folder])).toMatchObject({
    status: 1,
    err: expect.stringContaining("fifo: is a pipe, which Deno cannot write to by its path"),
  });
});

test.skipIf(!oracle("deno", hasCommand("deno")))("deno, which has not, is refused where they would be kept", () => {
  expect(mkerofs(["deno", "run", "-A"], [`${scratch}/deno.img`, folder])).toMatchObject({
    status: 1,
    err: expect.stringContaining("Deno tells times of files to the millisecond"),
  });
});
