// Each rule of scripts/check-structure.mjs and of biome.json's overrides for src, run on small trees: what it must find
// and what it must leave alone.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

type Files = Record<string, string>;

/** Writes files below `src/` of a new tree. */
function layOut(files: Files): string {
  const root = mkdtempSync(join(tmpdir(), "check-structure-"));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, "src", name)), { recursive: true });
    writeFileSync(join(root, "src", name), text);
  }
  return root;
}

function run(script: string, args: string[], cwd: string) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, script), ...args], {
    cwd,
    encoding: "utf8",
  });
  return { status, stderr, lines: stdout.trimEnd().split("\n") };
}

function expectClean(files: Files) {
  const { status, lines } = run("scripts/check-structure.mjs", [layOut(files)], ROOT);
  expect(lines).toEqual([expect.stringMatching(/^structure: \d+ files, \d+ imports$/)]);
  expect(status).toBe(0);
}

function expectProblems(files: Files, problems: string[]) {
  const { status, stderr, lines } = run("scripts/check-structure.mjs", [layOut(files)], ROOT);
  expect(stderr).toBe("");
  expect(lines).toEqual(problems);
  expect(status).toBe(1);
}

/** What the repository's biome.json finds in a tree of its own, as `file:line rule`. */
function lint(files: Files): string[] {
  const root = layOut(files);
  const settings = JSON.parse(readFileSync(join(ROOT, "biome.json"), "utf8"));
  writeFileSync(join(root, "biome.json"), JSON.stringify({ ...settings, vcs: undefined }));
  const { lines } = run("node_modules/@biomejs/biome/bin/biome", ["lint", "--reporter=github", "src"], root);
  const found = lines.map((line) => line.match(/title=lint\/\w+\/(\w+),file=[^,]*?src\/([^,]+),line=(\d+)/));
  return found.flatMap((match) => (match ? `${match[2]}:${match[3]} ${match[1]}` : [])).sort();
}

const A = "/** A. */\nexport const a = 1;\n";

describe("layers", () => {
  it("lets imports go down and stay in their folder", () => {
    expectClean({
      "core/a.ts": A,
      "core/deep/b.ts": 'import { a } from "../a.ts";\n\na;\n',
      "codec/c.ts": 'export { a } from "../core/a.ts";\n',
      "stage/text/d.ts": 'export * from "../../core/a.ts";\n',
      "stage/tree/d.ts": 'export * from "../text/d.ts";\n',
      "stage/source/disk/d.ts": 'export * from "../../tree/d.ts";\n',
      "erofs/e.ts": 'import type { a } from "../core/a.ts";\n\nlet x: typeof a;\n',
      "erofs/disk/f.ts": 'const { a } = await import("../../stage/source/disk/d.ts");\n\na;\n',
      "squashfs/e.ts": 'const { a } = await import("../stage/tree/d.ts");\n\na;\n',
      "inspect/erofs/f.ts": 'import "../../erofs/disk/f.ts";\nimport "../../core/a.ts";\nimport "../../codec/c.ts";\n',
      "build/build.ts": 'import "../inspect/erofs/f.ts";\nimport "xxhash-wasm";\n',
      "index.ts": 'import "./build/build.ts";\n',
      "cli/main.ts": '#!/usr/bin/env node\nimport "../index.ts";\nnew URL("../../package.json", import.meta.url);\n',
    });
  });

  it.each([
    ["import", 'import {\n  a,\n} from "../codec/a.ts";\n\na;\n', 3],
    ["side effect import", 'import "../codec/a.ts";\n', 1],
    ["import type", 'import type { a } from "../codec/a.ts";\n', 1],
    ["export from", 'export {\n  a as b,\n  type c,\n} from "../codec/a.ts";\n', 4],
    ["export type from", 'export type { a } from "../codec/a.ts";\n', 1],
    ["export *", 'export * from "../codec/a.ts";\n', 1],
    ["export * as", 'export * as all from "../codec/a.ts";\n', 1],
    ["import()", 'const { a } = await import("../codec/a.ts");\n', 1],
    ["type of import()", 'let x: import("../codec/a.ts").A;\n', 1],
  ])("refuses to go up by %s", (_, text, line) => {
    expectProblems({ "core/x.ts": text, "codec/a.ts": A }, [
      `src/core/x.ts:${line}: import of ../codec/a.ts: src/codec stands above src/core`,
    ]);
  });

  it("keeps siblings apart, readers from writers, and everything away from what stands above", () => {
    expectProblems(
      {
        "codec/a.ts": 'import "../stage/text/a.ts";\n',
        "stage/text/a.ts": A,
        "stage/tree/a.ts": 'import "../source/a.ts";\n',
        "stage/source/a.ts": A,
        "squashfs/disk/a.ts": A,
        "erofs/emit/a.ts": 'import "../../squashfs/disk/a.ts";\nimport "../../build/a.ts";\n',
        "inspect/a.ts": 'import "../squashfs/disk/a.ts";\nimport "../erofs/emit/a.ts";\nimport "../stage/tree/a.ts";\n',
        "build/a.ts": 'import "../index.ts";\n',
        "index.ts": 'import "./cli/a.ts";\n',
        "cli/a.ts": A,
      },
      [
        "src/build/a.ts:1: import of ../index.ts: src/ stands above src/build",
        "src/codec/a.ts:1: import of ../stage/text/a.ts: src/stage/text is a sibling of src/codec",
        "src/erofs/emit/a.ts:1: import of ../../squashfs/disk/a.ts: src/squashfs is a sibling of src/erofs",
        "src/erofs/emit/a.ts:2: import of ../../build/a.ts: src/build stands above src/erofs",
        "src/index.ts:1: import of ./cli/a.ts: src/cli stands above src/",
        "src/inspect/a.ts:2: import of ../erofs/emit/a.ts: src/inspect may import tables and codecs only",
        "src/inspect/a.ts:3: import of ../stage/tree/a.ts: src/inspect may import tables and codecs only",
        "src/stage/tree/a.ts:1: import of ../source/a.ts: src/stage/source stands above src/stage/tree",
      ],
    );
  });

  it("refuses a folder without a layer, a path out of src and a file that is not there", () => {
    const text = 'import "../../package.json";\nimport "./a.js";\nimport "./A.ts";\nimport ".";\n';
    expectProblems({ "core/x.ts": text, "core/a.ts": A, "utils/u.ts": A, "stage/u.ts": 'import "../core/a.ts";\n' }, [
      "src/core/x.ts:1: import of ../../package.json: names no file of src",
      "src/core/x.ts:2: import of ./a.js: names no file of src",
      "src/core/x.ts:3: import of ./A.ts: names no file of src",
      "src/core/x.ts:4: import of .: names no file of src",
      "src/stage/u.ts:1: src/stage belongs to no layer",
      "src/utils/u.ts:1: src/utils belongs to no layer",
    ]);
  });

  it("does not take comments, strings, templates and regular expressions for imports", () => {
    expectClean({
      "core/x.ts": `// import "../cli/a.ts";
/* export default 1; import "../cli/a.ts"; */
const text = 'import "../cli/a.ts";';
const template = \`
import "../cli/a.ts";
export const a = 1;
\${text.replace(/["'\`/]/g, \`}\${text}{\`)} from "../cli/a.ts"
\`;
`,
    });
  });

  it("says so when it cannot read a file", () => {
    expectProblems({ "core/x.ts": "const a = (1;\n}\n" }, ["src/core/x.ts:1: Expected `,` or `)` but found `;`"]);
  });
});

describe("doc comments", () => {
  it.each([
    ["f", "export function f(): void {}\n"],
    ["f", "export async function f(): Promise<void> {}\n"],
    ["f", "export function* f(): Generator {}\n"],
    ["F", "export class F {}\n"],
    ["F", "export abstract class F {}\n"],
    ["f", "export const f = 1;\n"],
    ["f", "const f = 1;\n\nexport { f as g };\n"],
    ["F", "export interface F {}\n"],
    ["F", "export type F = string;\n"],
  ])("are required on an exported %s: %s", (name, text) => {
    const problem = (line: number) => `src/core/x.ts:${line}: exported ${name} has no doc comment above it`;
    expectProblems({ "core/x.ts": `import "./y.ts";\n\n${text}`, "core/y.ts": "" }, [problem(3)]);
    expectProblems({ "core/x.ts": `/** Header of the file. */\n\n${text}` }, [problem(3)]);
    expectProblems({ "core/x.ts": `// Plain.\n/* Plain. */\n${text}` }, [problem(3)]);
    expectProblems({ "core/x.ts": `/** */\n${text}` }, [problem(2)]);
    expectClean({ "core/x.ts": `/**\n * What it is.\n */\n// biome-ignore lint: a reason\n${text}` });
  });

  it("are required on what is taken apart", () => {
    const problem = "src/core/x.ts:1: exported a has no doc comment above it";
    expectProblems({ "core/x.ts": "export const { a } = { a: 1 };\n" }, [problem]);
  });

  it("are not required of what stays in the file, nor again on overloads, nor in AssemblyScript", () => {
    expectClean({
      "core/x.ts":
        "const a = 1;\nclass B {\n  c = a;\n}\n\n" +
        "/** F. */\nexport function f(x: number): void;\nexport function f(x: string): void;\nexport function f(): void {}\n\nnew B();\n",
      "codec/lz4/main.as": 'import { b } from "./memory";\n\nexport const A: u32 = b;\n',
    });
  });

  const members = `/** C. */
export class C<T extends { a: number }> extends Base {
  readonly plain: number;
  private hidden = { a: 1 };
  #secret = "x";
  override name = "C";
  static {
    setUp();
  }
  constructor() {
    super();
  }
  override run(): void {}
  async method(
    wide: number,
  ): Promise<{ a: number }> {
    const local = wide;
    return { a: local };
  }
  get size(): number {
    return 1;
  }
  set size(value: number) {}
  static of<U>(): { b: number } {
    return { b: 1 };
  }
  [Symbol.dispose](): void {}
  /** Told. */
  told = () => {
    return 1;
  };
}

/** I. */
export interface I extends Omit<J, "a"> {
  kind: "a" | "b";
  /** Told. */
  get?: number;
  nested: { deep: number; deeper: string };
  call(a: number): void;
  call(a: string): void;
  readonly [key: string]: unknown;
}

/** E. */
export interface E {}

/** T. */
export type T = { free: number };
`;
  const missing = [
    [3, "C.plain"],
    [14, "C.method"],
    [20, "C.size"],
    [24, "C.of"],
    [27, "C.Symbol.dispose"],
    [36, "I.kind"],
    [39, "I.nested"],
    [40, "I.call"],
    [42, "I.(signature)"],
  ].map(([line, name]) => `src/core/x.ts:${line}: public member ${name} has no doc comment above it`);

  it("are required on the members of what index.ts exports, by whatever way", () => {
    const ways: Files[] = [
      { "index.ts": 'export { C, type I } from "./core/x.ts";\n' },
      { "index.ts": 'export type * from "./core/x.ts";\n' },
      { "index.ts": 'export * as all from "./core/x.ts";\n' },
      { "index.ts": 'import { C as D, type I } from "./core/x.ts";\n\nexport { D };\nexport type { I };\n' },
      {
        "index.ts": 'export { D, I } from "./build/b.ts";\n',
        "build/b.ts": 'export { C as D, I } from "../core/x.ts";\n',
      },
      { "index.ts": 'export { C, I } from "./build/b.ts";\n', "build/b.ts": 'export * from "../core/x.ts";\n' },
    ];
    for (const way of ways) expectProblems({ ...way, "core/x.ts": members }, missing);
    expectProblems({ "index.ts": 'export { I } from "./core/x.ts";\n', "core/x.ts": members }, missing.slice(5));
  });

  it("are not required on the members of what stays inside, nor on what a package declares", () => {
    expectClean({
      "index.ts": 'export { T, E } from "./core/x.ts";\nexport { z } from "fflate";\n',
      "core/x.ts": members,
    });
    expectClean({ "core/x.ts": members });
  });
});

describe("sizes", () => {
  const lines = (count: number) => "// line\n".repeat(count);

  it("are at most 400 lines a file and 16 files a folder, AssemblyScript included", () => {
    const many = (count: number, ends: string) =>
      Object.fromEntries(Array.from({ length: count }, (_, at) => [`codec/a/${at}.${ends}`, ""]));
    expectClean({ "core/x.ts": lines(400), ...many(8, "ts"), ...many(8, "as"), "codec/a/b/x.ts": "" });
    expectProblems({ "core/x.ts": lines(401), "codec/x.as": lines(401), ...many(8, "ts"), ...many(9, "as") }, [
      "src/codec/a:1: 17 files in a folder, more than 16",
      "src/codec/x.as:1: 401 lines in a file, more than 400",
      "src/core/x.ts:1: 401 lines in a file, more than 400",
    ]);
  });

  it.each([
    ["core/x.ts", "", "function f() {\n", "}\n"],
    ["core/x.ts", "", "const f = async () => {\n", "};\n"],
    ["core/x.ts", "class A {\n", "  f() {\n", "  }\n}\n"],
    ["codec/x.as", "", "@inline\nfunction f(a: u32): u32 {\n", "}\n"],
  ])("are at most 60 lines a function, unless its comment in %s has a reason: %s%s", (path, outside, head, end) => {
    const line = `${outside}${head}`.split("\n").length - 1;
    const problem = `src/${path}:${line}: 61 lines in a function, more than 60: its comment has to say "Long because …"`;
    expectClean({ [path]: outside + head + lines(58) + end });
    expectProblems({ [path]: outside + head + lines(59) + end }, [problem]);
    expectProblems({ [path]: `${outside}// Long because of x.\n\n${head}${lines(59)}${end}` }, [
      problem.replace(`:${line}:`, `:${line + 2}:`),
    ]);
    expectProblems({ [path]: `${outside}// Long because\n${head}${lines(59)}${end}` }, [
      problem.replace(`:${line}:`, `:${line + 1}:`),
    ]);
    expectClean({
      [path]: `${outside}/**\n * F. Long because of x.\n */\n// biome-ignore x\n${head}${lines(59)}${end}`,
    });
  });
});

describe("rules of biome.json", () => {
  it("accept what goes down, a diamond, and named exports", () => {
    expect(
      lint({
        "core/a.ts": 'import "./b.ts";\nimport "./c.ts";\n',
        "core/b.ts": 'import "./d.ts";\n',
        "core/c.ts": 'import "./d.ts";\n',
        "core/d.ts": A,
        "core/e.ts": 'export { default as e } from "xxhash-wasm";\n',
      }),
    ).toEqual([]);
  });

  it("find cycles, types included", () => {
    expect(
      lint({
        "core/a.ts": '/** A. */\nexport type A = 1;\nimport "./b.ts";\n',
        "core/b.ts": 'export * from "./c.ts";\n',
        "core/c.ts": 'import type { A } from "./a.ts";\n\n/** C. */\nexport let c: A;\n',
        "core/d.ts": 'await import("./e.ts");\n',
        "core/e.ts": 'import "./d.ts";\n',
        "core/outside.ts": 'import "./a.ts";\n',
      }),
    ).toEqual([
      "core/a.ts:3 noImportCycles",
      "core/b.ts:1 noImportCycles",
      "core/c.ts:1 noImportCycles",
      "core/d.ts:1 noImportCycles",
      "core/e.ts:1 noImportCycles",
    ]);
  });

  const text =
    'import { open } from "node:fs/promises";\nimport type { Worker } from "node:worker_threads";\nawait import("node:fs");\n\n/** O. */\nexport const o: Worker = open;\n';

  it.each(["core/node/node-pool.ts", "build/worker.ts", "cli/deep/main.ts"])("let %s use Node", (name) => {
    expect(lint({ [name]: text })).toEqual([]);
  });

  it.each(["core/pool.ts", "build/build.ts", "index.ts", "inspect/worker.ts", "core/node/pool.ts"])(
    "do not let %s use Node",
    (name) => {
      const rule = "noRestrictedImports";
      expect(lint({ [name]: text })).toEqual([`${name}:1 ${rule}`, `${name}:2 ${rule}`, `${name}:3 ${rule}`]);
      // so that no module of Node goes by a name without `node:`
      expect(lint({ [name]: 'import "fs";\n' })).toEqual([`${name}:1 useNodejsImportProtocol`]);
    },
  );

  it("refuse more than six parameters", () => {
    expect(lint({ "core/x.ts": "((a, b, c, d, e, f) => a + b + c + d + e + f)(1, 2, 3, 4, 5, 6);\n" })).toEqual([]);
    const text = "((a, b, c, d, e, f, g) => a + b + c + d + e + f + g)(1, 2, 3, 4, 5, 6, 7);\n";
    expect(lint({ "core/x.ts": text })).toEqual(["core/x.ts:1 useMaxParams"]);
  });

  it("refuse default exports", () => {
    for (const text of ["export default function f() {}\n", "const f = 1;\nexport { f as default };\n"]) {
      expect(lint({ "core/x.ts": text })).toEqual([expect.stringMatching(/^core\/x\.ts:[12] noDefaultExport$/)]);
    }
  });
});
