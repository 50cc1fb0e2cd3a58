/** What the commands print with --json: one object, whatever comes of it, and nothing else on its stream. */
import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeAll, describe, expect, test } from "vitest";
import { type CommandName, commandPath, runCommand } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("cli-json");
const { version } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

beforeAll(() => {
  mkdirSync(`${scratch}/tree`);
  writeFileSync(`${scratch}/tree/file`, "text\n".repeat(5000));
});

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

/** Lines of each command that make an image. */
const LINES: Record<string, [CommandName, (image: string) => string[]]> = {
  erofs: ["mkerofs", (image) => ["--json", "--digest", image, "tree"]],
  "compressed erofs": ["mkerofs", (image) => ["-zlz4", "--js", "--digest", image, "tree"]],
  "squashfs of mkerofs": ["mkerofs", (image) => ["--format=squashfs", "--json", "--digest", image, "tree"]],
  gensquashfs: ["gensquashfs", (image) => ["-D", "tree", "-f", "--json", "--digest", image]],
  mksquashfs: ["mksquashfs", (image) => ["tree", image, "-noappend", "-json", "-digest", "-info", "-percentage"]],
};

/** What is no option that has something else printed too. */
const isPlain = (word: string) => word !== "-info" && word !== "-percentage";

describe.each(Object.entries(LINES))("%s", (_, [name, line]) => {
  test("the report says what was made, and the digest of its bytes", () => {
    const { status, out } = runCommand(scratch, name, line("t.img"));
    const report = JSON.parse(out);
    const image = readFileSync(`${scratch}/t.img`);
    expect(status).toBe(0);
    expect(report).toMatchObject({ version, image: "t.img", bytes: image.length, digest: sha256(image) });
    expect(report.format).toBe(image.readUInt32LE(0) === 0x73717368 ? "squashfs" : "erofs");
    expect(report.bytesRead).toBeGreaterThanOrEqual(25_000);
    expect(report.seconds.total).toBeGreaterThan(0);
  });

  test("is on standard error where the image goes to standard output", () => {
    const words = line("-").filter(isPlain);
    const { stdout, stderr } = spawnSync(process.execPath, [commandPath(name), ...words], { cwd: scratch });
    const { digest, bytes, image } = JSON.parse(stderr.toString());
    expect({ digest, bytes, image }).toEqual({ digest: sha256(stdout), bytes: stdout.length, image: "-" });
  });

  test("an image that cannot be written is one object, with its path", () => {
    const { status, out, err } = runCommand(scratch, name, line("none/t.img").filter(isPlain));
    const { error, ...rest } = JSON.parse(out);
    expect({ status, err, rest }).toEqual({
      status: 1,
      err: "",
      rest: { version },
    });
    expect(error).toMatchObject({ code: "IO", path: "none/t.img" });
    expect(error.message).toContain("none");
  });

  test("wrong usage is one too, wherever in the line it is", () => {
    const wrong = name === "mksquashfs" ? ["-digset", "-json"] : ["--digset", "--json"];
    const words = line("t.img").filter((word) => !/^--?js(on)?$/.test(word));
    const split = name === "mksquashfs" ? words : [...wrong, ...words];
    const { status, out, err } = runCommand(scratch, name, name === "mksquashfs" ? [...words, ...wrong] : split);
    expect({ status, err }).toEqual({ status: 2, err: "" });
    const meant = name === "mksquashfs" ? "-digest" : "--digest";
    expect(JSON.parse(out)).toEqual({
      version,
      error: { code: "USAGE", message: expect.stringMatching(new RegExp(`^${wrong[0]}: unknown option\n.*${meant}`)) },
    });
  });

  test.each(["-", "/dev/stdout"])("and on standard error where the image would go to standard output: %s", (image) => {
    const { status, out, err } = runCommand(scratch, name, [...line(image), name === "mksquashfs" ? "-no" : "--no"]);
    expect({ status, out, code: JSON.parse(err).error.code }).toEqual({ status: 2, out: "", code: "USAGE" });
  });
});

test("a closure that standard input lists is not an image on standard output", () => {
  const words = ["--json", "--closure", "-", "t.img", "--nothing-such"];
  expect(JSON.parse(runCommand(scratch, "mkerofs", words).out).error.code).toBe("USAGE");
});

test("without --json an error is a line on standard error", () => {
  expect(runCommand(scratch, "mkerofs", ["-L", "--json", "t.img", "none"])).toEqual({
    status: 1,
    out: "",
    err: "ts-mkerofs: none: no such file or directory\n",
  });
});

test("a signal is an error with its exit status", async () => {
  mkdirSync(`${scratch}/out`);
  writeFileSync(`${scratch}/large`, Buffer.alloc(16 << 20, "text"));
  const words = ["large", "out/t.img", "-noappend", "-json", "-processors", "1", "-throttle", "90"];
  const child = spawn(process.execPath, [commandPath("mksquashfs"), ...words], {
    cwd: scratch,
    stdio: ["ignore", "pipe", "ignore"],
  });
  let out = "";
  child.stdout.on("data", (chunk) => {
    out += chunk;
  });
  const code = new Promise((resolve) => child.on("close", resolve));
  while (child.exitCode === null && readdirSync(`${scratch}/out`).length === 0) await sleep(2);
  child.kill("SIGINT");
  expect(await code).toBe(130);
  expect(JSON.parse(out)).toEqual({ version, error: { code: "ABORTED", message: "interrupted (SIGINT)" } });
});
