/** Where a build cannot be as elsewhere: the current directory is gone, a folder is not to be written, Node is another. */
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { beforeEach, describe, expect, test } from "vitest";
import { buildErofs, directory } from "../../../dist/index.js";
import { canBecomeNobody, NOBODY, runInChild } from "../../helpers/child.ts";
import { makeFaultBench } from "../../helpers/faults.ts";

const { scratch, source, image, expectUntouched } = makeFaultBench("faults-host");

beforeEach(() => {
  writeFileSync(`${source}/file`, "file");
  symlinkSync("é/file", `${source}/link`);
});

describe.skipIf(process.platform === "win32")("where the current directory has been removed", () => {
  const build = (from: string, to: string, how = "directory") => {
    const gone = `${scratch}/gone`;
    mkdirSync(gone);
    const body = `
      process.chdir(args.gone);
      process.cwd(); // which Node remembers
      fs.rmdirSync(args.gone);
      return (await api.buildErofs(${how}, args.to)).counts;`;
    return runInChild(body.replace("directory", "api.directory(args.from)"), { from, to, gone });
  };

  test("absolute paths are what they are", () => {
    expect(build(source, image).value).toMatchObject({ files: 1, symlinks: 1 });
    expect(build("", image, `[${JSON.stringify(source)}]`).error).toBeUndefined();
  });

  test.each([
    ["a target", "image", () => build(source, "image")],
    ["a directory", "source", () => build("source", image)],
    ["a path", "some/path", () => build("", image, '["some/path"]')],
    ["a list of paths", "paths", () => build("", image, 'api.closure("paths")')],
    ["a pack file", "list", () => build("", image, 'api.packFile("list")')],
  ])("%s that is relative is refused, and the reason is said", (_, path, run) => {
    expect(run().error).toEqual({
      isImageError: true,
      code: "INPUT",
      path,
      message: `${path}: is a relative path, and the current directory has been removed`,
    });
    expectUntouched();
  });
});

test.skipIf(!canBecomeNobody())("an image that may be written in a folder that may not: the folder is named", () => {
  const folder = `${scratch}/out`;
  chmodSync(folder, 0o755);
  chmodSync(image, 0o666);
  const body = "await api.buildErofs(api.entries([]), args);";
  expect(runInChild(body, image, { id: NOBODY }).error).toEqual({
    isImageError: true,
    code: "IO",
    path: image,
    message: `${image}: no file can be made beside it, in the folder ${folder}: permission denied`,
  });
  expectUntouched();
});

test("links are bytes where Node's word for bytes is not understood, as in Deno", async () => {
  const body = `
    const { readlinkSync } = fs;
    let asked = 0;
    fs.readlinkSync = (path, options) => {
      if (typeof options !== "object") return readlinkSync(path, "utf8");
      asked++;
      return new Uint8Array(readlinkSync(path, options));
    };
    (await import("node:module")).syncBuiltinESMExports();
    await api.buildErofs(api.directory(args.source), args.image, { timestamp: 0 });
    return asked;`;
  expect(runInChild(body, { source, image: `${scratch}/deno` })).toEqual({ value: 1 });
  await buildErofs(directory(source), `${scratch}/node`, { timestamp: 0 });
  expect(readFileSync(`${scratch}/deno`).equals(readFileSync(`${scratch}/node`))).toBe(true);
});

test("links that are no bytes at all are refused", () => {
  const body = `
    const { readlinkSync } = fs;
    fs.readlinkSync = (path) => readlinkSync(path, "utf8");
    (await import("node:module")).syncBuiltinESMExports();
    await api.buildErofs(api.directory(args.source), args.image);`;
  expect(runInChild(body, { source, image: `${scratch}/never` }).error).toMatchObject({
    isImageError: true,
    message: expect.stringContaining("as text, not as bytes"),
  });
  expect(existsSync(`${scratch}/never`)).toBe(false);
});

test("a Node that is too old is refused by its version", () => {
  const body = `
    Object.defineProperty(process.versions, "node", { value: "18.20.8" });
    await api.buildErofs(api.entries([]), args);`;
  expect(runInChild(body, image).error).toMatchObject({
    isImageError: true,
    code: "INPUT",
    message: "Node 20 or newer is needed, and this is Node 18.20.8",
  });
  expectUntouched();
});
