/** The package as `npm install` puts it into an empty project: it has what is needed and nothing besides. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { beforeAll, describe, expect, test } from "vitest";
import * as library from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const scratch = makeScratch("package-installed");
const installed = `${scratch}/node_modules/ts-mkerofs`;
const manifest = JSON.parse(readFileSync(`${root}/package.json`, "utf8")) as {
  bin: Record<string, string>;
  dependencies: Record<string, string>;
  scripts: Record<string, string>;
};
const dependencies = Object.keys(manifest.dependencies);
const IMPORT = /\b(?:from|import)\s*"([\w@./:-]+)"|\bimport\(\s*["'`]([\w@./:-]+)["'`]\s*\)/g;
/** Bytes of the archive: what makes it larger has to be worth it. */
const MOST_PACKED = 450_000;

let packed: { size: number; files: { path: string }[] };

function run(command: string, words: readonly string[], input = ""): string {
  const options = { cwd: scratch, input, encoding: "utf8", shell: process.platform === "win32" } as const;
  const { status, stdout, stderr, error } = spawnSync(command, words, options);
  if (status !== 0) throw new Error(`${command} ${words.join(" ")}: ${error?.message ?? stdout + stderr}`);
  return stdout;
}

const script = (type: "module" | "commonjs", code: string) =>
  JSON.parse(run(process.execPath, [`--input-type=${type}`, "-"], code)) as unknown;

beforeAll(() => {
  // those that are here already, so that no network is asked
  const overrides = Object.fromEntries(dependencies.map((name) => [name, `file:${root}node_modules/${name}`]));
  writeFileSync(`${scratch}/package.json`, JSON.stringify({ name: "empty", private: true, overrides }));
  const quiet = ["--ignore-scripts", "--offline", "--no-audit", "--no-fund", "--no-update-notifier"];
  const [archive] = JSON.parse(run("npm", ["pack", root, "--json", ...quiet])) as (typeof packed & {
    filename: string;
  })[];
  packed = archive!;
  run("npm", ["install", `./${archive!.filename}`, ...quiet]);
  mkdirSync(`${scratch}/rootfs/etc`, { recursive: true });
  writeFileSync(`${scratch}/rootfs/etc/hostname`, "box\n".repeat(3000));
});

const sha256 = (file: string) => createHash("sha256").update(readFileSync(file)).digest("hex");
const here = (command: string, words: readonly string[]) =>
  run(process.execPath, [join(root, manifest.bin[command]!), ...words]);
const there = (command: string, words: readonly string[]) => run(`${scratch}/node_modules/.bin/${command}`, words);

describe("what is packed", () => {
  test("is all that its entry points load, and no other code", () => {
    const entries = ["dist/library.js", "dist/build/worker.js", ...Object.values(manifest.bin)];
    const reached = new Set(entries);
    const imported = new Set<string>();
    // grows while it is gone through
    for (const file of reached) {
      const code = readFileSync(`${root}/${file}`, "utf8");
      for (const [, name = "", behind = name] of code.matchAll(IMPORT)) {
        if (behind.startsWith(".")) reached.add(join(dirname(file), behind));
        else if (dependencies.some((name) => `${behind}/`.startsWith(`${name}/`))) imported.add(behind);
        else expect(`${file}: ${behind}`).toMatch(/: (?:node:[\w/]+|worker_threads|@napi-rs\/xattr)$/);
      }
    }
    const code = packed.files.map(({ path }) => path).filter((path) => path.endsWith(".js"));
    expect(code.sort()).toEqual([...reached].sort());
    // nor does a package come with it that it does not need
    const unused = dependencies.filter((name) => ![...imported].some((path) => `${path}/`.startsWith(`${name}/`)));
    expect(unused).toEqual([]);
  });

  test("has one file of types, manual pages, and the schema of manifests", () => {
    const others = packed.files.map(({ path }) => path).filter((path) => !path.endsWith(".js"));
    expect(others.filter((path) => path.endsWith(".ts"))).toEqual(["dist/library.d.ts"]);
    expect(others).toEqual(
      expect.arrayContaining(["LICENSE", "NOTICE", "README.md", "dist/man/ts-mkerofs.1", "docs/manifest.schema.json"]),
    );
  });

  test("names whoever else wrote a part of it", () => {
    const notice = readFileSync(`${root}/NOTICE`, "utf8");
    const contents = JSON.parse(readFileSync(`${root}/dist/contents.json`, "utf8")) as Record<string, string[]>;
    const modules = Object.values(contents).flat();
    const packages = modules.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []);
    expect(packages).toContain("xxhash-wasm");
    // the module of one is embedded
    for (const name of [...packages, "libzstd", "@bokuweb/zstd-wasm"]) expect(notice).toContain(name);
  });

  test(`is at most ${MOST_PACKED} bytes; two packages come with it, and nothing runs when it is installed`, () => {
    expect(packed.size).toBeLessThanOrEqual(MOST_PACKED);
    expect(dependencies).toEqual(["@zip.js/zip.js", "fzstd"]);
    expect(Object.keys(manifest.scripts).filter((name) => /install/.test(name))).toEqual([]);
    expect(readdirSync(`${scratch}/node_modules`).filter((name) => !name.startsWith("."))).toEqual([
      "@zip.js",
      "fzstd",
      "ts-mkerofs",
    ]);
  });
});

describe("commands of the project", () => {
  test("pack the same images as here, and look into them", () => {
    const lines: [string, (image: string) => string[]][] = [
      ["ts-mkerofs", (image) => ["-T1", "--all-root", image, "rootfs"]],
      ["ts-mkerofs", (image) => ["-T1", "-zzstd", image, "rootfs"]],
      ["ts-mkerofs", (image) => ["-T1", "-zlzma", image, "rootfs"]],
      ["ts-mksquashfs", (image) => ["rootfs", image, "-noappend", "-all-time", "1", "-comp", "zstd", "-quiet"]],
      ["ts-gensquashfs", (image) => ["-D", "rootfs", "-d", "mtime=1", "-c", "lz4", "-q", image]],
    ];
    for (const [index, [command, words]] of lines.entries()) {
      there(command, words(`${index}.there`));
      here(command, words(`${index}.here`));
      expect(sha256(`${scratch}/${index}.there`)).toBe(sha256(`${scratch}/${index}.here`));
      expect(there("ts-imagefs", ["cat", `${index}.there`, "etc/hostname"])).toBe("box\n".repeat(3000));
    }
  });

  test.each(Object.keys(manifest.bin))("%s says its version", (command) => {
    expect(there(command, [command === "ts-mksquashfs" ? "-version" : "--version"])).toContain("0.1.0");
  });
});

describe("imports of the project", () => {
  const names = Object.keys(library).sort();
  const build = `const { digest } = await api.buildErofs(api.directory("rootfs"), "library.img",
      { timestamp: 1, owner: "root", digest: true, workers: 2, compress: "zstd" });
    console.log(JSON.stringify({ names: Object.keys(api).sort(), digest }));`;

  test("import has all that is exported, and builds", () => {
    const found = script("module", `import * as api from "ts-mkerofs"; ${build}`);
    expect(found).toEqual({ names, digest: sha256(`${scratch}/library.img`) });
  });

  // Node has it from 20.19 and 22.12 on
  test.skipIf(!("require_module" in process.features))("so has require", () => {
    const found = script("commonjs", `const api = require("ts-mkerofs"); (async () => { ${build} })();`);
    expect(found).toEqual({ names, digest: sha256(`${scratch}/library.img`) });
  });

  test("modules inside are nobody's", () => {
    expect(() => script("module", 'import "ts-mkerofs/dist/index.js"')).toThrow("ERR_PACKAGE_PATH_NOT_EXPORTED");
  });
});

describe("types of the project", () => {
  const code = `
    import { buildErofs, directory, entries, ImageError, openImage, type BuildOptions, type Source } from "ts-mkerofs";
    const options: BuildOptions = { compress: "lz4hc", owner: "root", signal: new AbortController().signal };
    const source: Source = entries([{ path: "a", kind: "file", contents: new Uint8Array(4) }]);
    export async function use(): Promise<number> {
      try {
        const { image } = { image: await openImage("a.img") };
        for await (const { path, size } of image.walk()) if (path === "a") return size;
        // @ts-expect-error no such compressor
        await buildErofs(directory("."), "a.img", { compress: "zst" });
        return (await buildErofs(source, "a.img", options)).counts.files;
      } catch (error) {
        if (error instanceof ImageError && error.code === "IO") return 0;
        throw error;
      }
    }`;
  const check = (file: string, flags: readonly string[]) => {
    const compiler = ["--noEmit", "--strict", "--exactOptionalPropertyTypes", "--target", "es2022", "--ignoreConfig"];
    const modules = ["--module", "nodenext", "--skipLibCheck", "false"];
    return run(process.execPath, [`${root}/node_modules/typescript/bin/tsc`, ...compiler, ...modules, ...flags, file]);
  };

  test("need none of Node, in a module", () => {
    writeFileSync(`${scratch}/use.mts`, code);
    expect(check("use.mts", ["--lib", "es2023,dom", "--types", ""])).toBe("");
  });

  test("need none of the browser, where those of Node are there", () => {
    writeFileSync(`${scratch}/use-node.mts`, code);
    const roots = ["--typeRoots", `${root}/node_modules/@types`];
    expect(check("use-node.mts", ["--lib", "es2023", "--types", "node", ...roots])).toBe("");
  });

  test("are there for require", () => {
    writeFileSync(
      `${scratch}/use.cts`,
      'import api = require("ts-mkerofs"); export const closure = api.closure("list");',
    );
    expect(check("use.cts", ["--lib", "es2023,dom", "--types", ""])).toBe("");
  });

  test("name all that is exported, and nothing of how it is done", () => {
    const types = readFileSync(`${installed}/dist/library.d.ts`, "utf8").replace(/\/\*[\s\S]*?\*\//g, "");
    const list = /^export \{([^}]*)\};$/m
      .exec(types)![1]!
      .split(",")
      .map((name) => name.trim());
    expect(Object.keys(library).filter((name) => !list.includes(name))).toEqual([]);
    // the classes and tables of which there are many inside
    const inner = ["Tree", "Column", "JobContext", "StagePolicy", "Buffer", "SharedArrayBuffer", "Struct"];
    expect(inner.filter((name) => new RegExp(`\\b${name}\\b`).test(types))).toEqual([]);
    expect(types).not.toMatch(/^import|\bimport\(|node:/m);
  });
});
