/** Where a build cannot be as elsewhere: the current directory is gone, a folder is not to be written, Node is another. */
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
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

// Was a bug: a thread that Node cannot start where there is no current directory ended the build.
describe.skipIf(process.platform === "win32")("where the current directory is removed while a build runs", () => {
  test.each([
    ["EROFS", "api.buildErofs(api.directory(args.source), args.image, options)"],
    ["compressed EROFS", "api.buildErofs(api.directory(args.source), args.image, { ...options, compress: 'lz4' })"],
    ["SquashFS", "api.buildSquashfs(api.directory(args.source), args.image, options)"],
  ])("threads that cannot start any more are done without: %s", (_, call) => {
    const build = (remove: string) =>
      runInChild(
        `
        fs.mkdirSync(args.gone, { recursive: true });
        process.chdir(args.gone);
        let threads = 0;
        process.on("worker", () => threads++);
        const options = { timestamp: 0, workers: 3 };
        const building = ${call};
        ${remove}
        await building;
        return threads;`,
        { source, image, gone: `${scratch}/gone` },
        { env: { TS_MKEROFS_EAGER_THREADS: "1" } },
      );
    expect(build("")).toEqual({ value: 2 });
    const expected = readFileSync(image);
    expect(build("fs.rmdirSync(args.gone);")).toEqual({ value: 2 });
    expect(readFileSync(image).equals(expected)).toBe(true);
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
    await api.buildErofs(api.directory(args.source), args.image, { timestamp: 0, workers: 1 });
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
    await api.buildErofs(api.directory(args.source), args.image, { workers: 1 });`;
  expect(runInChild(body, { source, image: `${scratch}/never` }).error).toMatchObject({
    isImageError: true,
    message: expect.stringContaining("as text, not as bytes"),
  });
  expect(existsSync(`${scratch}/never`)).toBe(false);
});

test("times that Deno does not tell are refused where an image has a place for them", async () => {
  const body = (build: string) => `
    Object.defineProperty(process.versions, "deno", { value: "2.9.6" });
    await api.${build}(api.directory(args.source), args.image, { workers: 1 });`;
  expect(runInChild(body("buildErofs"), { source, image }).error).toMatchObject({
    isImageError: true,
    code: "INPUT",
    message: expect.stringContaining("Deno tells times of files to the millisecond"),
  });
  expectUntouched();
  expect(runInChild(body("buildSquashfs"), { source, image: `${scratch}/deno` }).error).toBeUndefined();
});

// Was a bug: a file whose name Deno does not tell was said to have vanished.
test.each([
  [["a\xff"], "a\ufffd"],
  [["a\xff", "a\xfe"], "a\ufffd"],
])("names %j that are no UTF-8 are refused in Deno, which does not tell them", (names, shown) => {
  const body = `
    Object.defineProperty(process.versions, "deno", { value: "2.9.6" });
    const { readdirSync } = fs;
    fs.readdirSync = (path, options) => {
      const latin1 = (name) => Buffer.from(Buffer.from(name, "latin1").toString()).toString("latin1");
      if (options === "latin1") return readdirSync(path, options).map(latin1);
      const entries = readdirSync(path, options);
      for (const entry of entries) entry.name = latin1(entry.name);
      return entries;
    };
    (await import("node:module")).syncBuiltinESMExports();
    await api.buildErofs(api.directory(args.source), args.image, { timestamp: 0, workers: 1 });`;
  for (const name of names) writeFileSync(Buffer.from(`${source}/${name}`, "latin1"), "");
  expect(runInChild(body, { source, image }).error).toEqual({
    isImageError: true,
    code: "INPUT",
    path: `${source}/${shown}`,
    message: `${source}/${shown}: may have a name that is not UTF-8, which Deno does not tell: Node packs it`,
  });
  expectUntouched();
});

describe("a Node that is too old", () => {
  const root = new URL("../../../", import.meta.url);
  const { engines } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  const needed = engines.node.replace(">=", "");

  test.each(["16.20.2", "18.20.8"])("is told which one is needed when it loads the library: %s", (version) => {
    writeFileSync(`${scratch}/old.cjs`, `Object.defineProperty(process.versions, "node", { value: "${version}" });\n`);
    const ran = spawnSync(
      process.execPath,
      ["--require", `${scratch}/old.cjs`, "--input-type=module", "-e", 'import "ts-mkerofs";'],
      { cwd: fileURLToPath(root), encoding: "utf8" },
    );
    expect(ran.status).toBe(1);
    expect(ran.stderr).toContain(`Error: ts-mkerofs: Node ${needed} or newer is needed, and this is Node ${version}\n`);
  });

  // Node before 15 is not here to ask: it prints the first line that it does not understand
  test("that cannot read the library prints a line that says it", () => {
    const read = (name: string) => readFileSync(new URL(`dist/${name}.js`, root), "utf8");
    const isOdd = (line: string) => /\?\.|\?\?|\|\|=|&&=|#\w/.test(line);
    const imports = [...read("library").matchAll(/^(?:import|export).* "(.*)";$/gm)].map(([, name]) => name);
    expect(imports).toEqual(["./check-host.js", "./index.js"]);
    expect(read("library").split("\n").filter(isOdd)).toEqual([]);
    expect(read("core/node/node-host").split("\n").filter(isOdd)).toEqual([]);
    expect(read("check-host").split("\n").filter(isOdd)).toEqual([
      expect.stringContaining(`// ts-mkerofs: Node ${needed} or newer is needed`),
    ]);
  });

  // it would say so of a name in an import, before anything runs
  test("does not miss a function of the system before it is told", () => {
    const chunks = readdirSync(new URL("dist/build", root)).filter((name) => /^chunk-.*\.js$/.test(name));
    expect(chunks.length).toBeGreaterThan(5);
    for (const chunk of chunks) {
      const text = readFileSync(new URL(`dist/build/${chunk}`, root), "utf8");
      const names = [...text.matchAll(/\bimport(\{[^}]*\})from"node:/g)].map(([, named]) => named).join();
      expect(names).not.toContain("availableParallelism");
    }
  });
});
