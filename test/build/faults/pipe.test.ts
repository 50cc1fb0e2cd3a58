/** FIFOs and pipes as targets: what comes out of them is the image, and whoever reads them never waits for nothing. */
import { execFile, spawnSync } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, directory, entries } from "../../../dist/index.js";
import { commandWords, runShell, SILENT } from "../../helpers/commands.ts";
import { failureOf, makeFaultBench } from "../../helpers/faults.ts";
import { hasCommand } from "../../helpers/oracle.ts";
import { noise } from "../../helpers/trees/noise.ts";

const { scratch, source, image } = makeFaultBench("faults-pipe");
const fifo = `${scratch}/fifo`;
const read = promisify(execFile);

beforeEach(() => {
  writeFileSync(`${source}/large`, noise(1, 300_000));
  spawnSync("mkfifo", [fifo]);
});
afterEach(() => rmSync(fifo));

/** What a reader gets that opens the FIFO now. */
async function readAll(): Promise<Buffer> {
  return (await read("cat", [fifo], { encoding: "buffer", maxBuffer: 1 << 26, timeout: 20_000 })).stdout;
}

describe.skipIf(process.platform === "win32")("a FIFO", () => {
  test.each([
    ["EROFS", (out: string) => buildErofs(directory(source), out, { timestamp: 0, offset: 100 })],
    ["compressed EROFS", (out: string) => buildErofs(directory(source), out, { timestamp: 0, compress: "lz4" })],
    ["SquashFS", (out: string) => buildSquashfs(directory(source), out, { timestamp: 0 })],
  ])("gets an image of %s, and stays", async (_, build) => {
    const [got] = await Promise.all([readAll(), build(fifo)]);
    await build(image);
    expect(got.equals(readFileSync(image))).toBe(true);
    expect(lstatSync(fifo).isFIFO()).toBe(true);
    expect(readdirSync(`${scratch}/out`)).toEqual(["image"]);
  });

  test("is closed where the build fails, so that its reader goes on", async () => {
    const reading = readAll();
    await new Promise((resolve) => setTimeout(resolve, 300));
    const broken = entries([{ path: "a", contents: { size: 5, readAt: () => 0 } }]);
    expect(await failureOf(buildErofs(broken, fifo))).toMatchObject({ code: "CHANGED" });
    expect((await reading).length).toBe(0);
  });

  test("that no one reads: the build can be aborted", async () => {
    const signal = AbortSignal.timeout(500);
    expect(await failureOf(buildErofs(directory(source), fifo, { signal }))).toMatchObject({ name: "TimeoutError" });
  });

  test("that its reader leaves is an error that says so", async () => {
    const reading = read("head", ["-c", "1", fifo]);
    expect(await failureOf(buildErofs(directory(source), fifo))).toMatchObject({
      code: "IO",
      path: fifo,
      message: `${fifo}: closed by the reader`,
    });
    await reading;
  });
});

// Was a bug: what is there already is not to be overwritten, and a pipe was taken for that.
describe.skipIf(process.platform === "win32")("without the option that overwrites", () => {
  const LINES = [
    ["gensquashfs", "-q -D source TARGET"],
    ["mksquashfs", "source TARGET -all-time 0 -quiet"],
  ] as const;
  const build = (name: "gensquashfs" | "mksquashfs", words: string, to: string, behind = "") =>
    runShell(scratch, `${commandWords(name)} ${words.replace("TARGET", to)} ${behind}`);

  test.each(LINES)("ts-%s writes to a FIFO, and to a device that keeps nothing", (name, words) => {
    expect(build(name, words, "out/new")).toEqual(SILENT);
    expect(
      runShell(scratch, `cat fifo > got & ${commandWords(name)} ${words.replace("TARGET", "fifo")} && wait`),
    ).toEqual(SILENT);
    expect(readFileSync(`${scratch}/got`).equals(readFileSync(`${scratch}/out/new`))).toBe(true);
    expect(build(name, words, "/dev/null")).toEqual(SILENT);
  });

  test.each(LINES)("ts-%s says why nothing can be written to a directory, and keeps files", (name, words) => {
    expect(build(name, words, "source").err).toBe(`ts-${name}: source: is a directory\n`);
    expect(build(name, words, "out/image").err).toContain("out/image: is there already");
    const long = "n".repeat(256);
    expect(build(name, words, long)).toMatchObject({ status: 1, err: `ts-${name}: ${long}: name too long\n` });
  });
});

test.skipIf(!hasCommand("script"))("a terminal by its path takes no image", () => {
  const line = `${commandWords("mkerofs").replaceAll('"', "")} --quiet /dev/tty source`;
  expect(runShell(scratch, `script --quiet --return --command '${line}' /dev/null < /dev/null`)).toEqual({
    status: 1,
    out: "ts-mkerofs: /dev/tty: is a terminal, which takes no image\r\n",
    err: "",
  });
});

describe.skipIf(!existsSync("/dev/fd"))("a pipe by its path", () => {
  test.each([
    ["/dev/stdout | cat", "mkerofs", "-T0 --quiet TARGET source"],
    ["/proc/self/fd/1 | cat", "mksquashfs", "source TARGET -all-time 0"],
    ["/dev/fd/1 | cat", "gensquashfs", "-D source TARGET"],
    ["/dev/stdout", "gensquashfs", "-D source TARGET"],
    ["/dev/fd/3 3>&1 >/dev/null | cat", "mkerofs", "-T0 TARGET source"],
  ] as const)("%s of ts-%s gets the image, and nothing else", (target, name, words) => {
    const [path, ...rest] = target.split(" ");
    const line = (to: string) => `${commandWords(name)} ${words.replace("TARGET", to)}`;
    expect(runShell(scratch, `rm out/image; ${line("out/image")}`).status).toBe(0);
    const ran = runShell(
      scratch,
      `{ ${line(path!)} ${rest.join(" ").replace("| cat", "")}; } ${target.includes("|") ? "| cat" : ""} > got`,
    );
    expect({ ...ran, err: "" }).toEqual({ status: 0, out: "", err: "" });
    expect(readFileSync(`${scratch}/got`).equals(readFileSync(image))).toBe(true);
  });
});
