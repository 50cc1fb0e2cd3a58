// Each rule of scripts/check-structure.mjs, run on small trees: what it must find and what it must leave alone.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";

const SCRIPT = fileURLToPath(new URL("../../scripts/check-structure.mjs", import.meta.url));
const roots: string[] = [];

afterEach(() => {
  for (const root of roots.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** Writes the files below `src/` of a new tree and runs the script on it. */
function check(files: Record<string, string>) {
  const root = mkdtempSync(join(tmpdir(), "check-structure-"));
  roots.push(root);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, "src", name)), { recursive: true });
    writeFileSync(join(root, "src", name), text);
  }
  const { status, stdout, stderr } = spawnSync(process.execPath, [SCRIPT, root], { encoding: "utf8" });
  expect(stderr).toBe("");
  return { status, lines: stdout.trimEnd().split("\n") };
}

function expectClean(files: Record<string, string>) {
  const { status, lines } = check(files);
  expect(lines).toEqual([expect.stringMatching(/^structure: \d+ files, \d+ imports, \d+ exported declarations/)]);
  expect(status).toBe(0);
}

function expectProblems(files: Record<string, string>, problems: (string | RegExp)[]) {
  const { status, lines } = check(files);
  expect(lines).toEqual(
    problems.map((problem) => (typeof problem === "string" ? problem : expect.stringMatching(problem))),
  );
  expect(status).toBe(1);
}

const A = "/** A. */\nexport const a = 1;\n";

describe("layers", () => {
  it("lets imports go down and stay in their folder", () => {
    expectClean({
      "core/a.ts": A,
      "core/deep/b.ts": 'import { a } from "../a.ts";\n\na;\n',
      "codec/c.ts": 'export { a } from "../core/a.ts";\n',
      "stage/d.ts": 'export * from "../codec/c.ts";\n',
      "erofs/e.ts": 'import type { a } from "../core/a.ts";\n\nlet x: typeof a;\n',
      "squashfs/e.ts": 'const { a } = await import("../stage/d.ts");\n\na;\n',
      "inspect/f.ts": 'import "../erofs/e.ts";\nimport "../squashfs/e.ts";\n',
      "build.ts": 'import "./inspect/f.ts";\nimport "xxhash-wasm";\n',
      "cli/main.ts": '#!/usr/bin/env node\nimport "../build.ts";\n',
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
    ["new URL", 'const url = new URL("../codec/a.ts", import.meta.url);\n', 1],
  ])("refuses to go up by %s", (_, text, line) => {
    expectProblems({ "core/x.ts": text, "codec/a.ts": A }, [
      `src/core/x.ts:${line}: src/core imports src/codec/a.ts, from layer 0 up to 1`,
    ]);
  });

  it("keeps erofs and squashfs apart, and everything away from the command line", () => {
    const text = 'import "../squashfs/a.ts";\nimport "../build.ts";\n';
    expectProblems({ "erofs/x.ts": text, "squashfs/a.ts": A, "build.ts": 'import "./cli/a.ts";\n', "cli/a.ts": A }, [
      "src/build.ts:1: src/ imports src/cli/a.ts, from layer 5 up to 6",
      "src/erofs/x.ts:1: src/erofs imports src/squashfs/a.ts, its sibling",
      "src/erofs/x.ts:2: src/erofs imports src/build.ts, from layer 3 up to 5",
    ]);
  });

  it("refuses a folder without a layer, a path out of src and a file that is not there", () => {
    const text = 'import "../../package.json";\nimport "./a.js";\nimport "./A.ts";\nimport ".";\n';
    expectProblems({ "core/x.ts": text, "core/a.ts": A, "utils/u.ts": A }, [
      "src/core/x.ts:1: import of ../../package.json leaves src",
      "src/core/x.ts:2: import of ./a.js names no file (exact name needed)",
      "src/core/x.ts:3: import of ./A.ts names no file (exact name needed)",
      "src/core/x.ts:4: import of . names no file (exact name needed)",
      "src/utils/u.ts:1: src/utils belongs to no layer",
    ]);
  });

  it("lets the top layers pass the address of a worker, in each way it can be written", () => {
    const choice =
      'const url = new URL(import.meta.url.endsWith(".ts") ? "./worker.ts" : "./worker.js", import.meta.url);\n';
    expectClean({
      "worker.ts": 'import "./build.ts";\n',
      "build.ts": `import "./core/a.ts";\nnew URL("./worker.ts", import.meta.url);\nnew URL(\`./worker.\${"ts"}\`, import.meta.url);\n`,
      "index.ts": choice,
      "cli/main.ts":
        'new URL(\n  "../worker.ts",\n  import.meta.url,\n);\nnew URL("../../package.json", import.meta.url);\n',
      "core/a.ts": 'const url = new URL("../worker.ts", "https://example.org");\n',
    });
  });

  it("refuses a worker's address in a portable layer, and one that is not there", () => {
    expectProblems(
      {
        "worker.ts": "",
        "core/pool.ts": 'new URL("../worker.js", import.meta.url);\n',
        "build.ts": 'new URL("./gone-worker.ts", import.meta.url);\n',
      },
      [
        "src/build.ts:1: import of ./gone-worker.ts names no file (exact name needed)",
        "src/core/pool.ts:1: src/core imports src/worker.ts, from layer 0 up to 5",
      ],
    );
  });
});

describe("cycles", () => {
  it("accepts a diamond", () => {
    expectClean({
      "core/a.ts": 'import "./b.ts";\nimport "./c.ts";\n',
      "core/b.ts": 'import "./d.ts";\n',
      "core/c.ts": 'import "./d.ts";\n',
      "core/d.ts": "",
    });
  });

  it("shows the shortest cycle once, types included", () => {
    expectProblems(
      {
        "core/a.ts": '/** A. */\nexport type A = 1;\nimport "./b.ts";\n',
        "core/b.ts": 'import "./long.ts";\nimport "./c.ts";\n',
        "core/c.ts": 'import type { A } from "./a.ts";\n',
        "core/long.ts": 'import "./c.ts";\n',
        "core/outside.ts": 'import "./a.ts";\n',
        "core/self.ts": 'import "./self.ts";\n',
      },
      [
        "src/core/a.ts:3: import cycle: src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts",
        /^src\/core\/long\.ts:1: import cycle: .*long\.ts -> .*c\.ts -> .*a\.ts -> .*b\.ts -> .*long\.ts$/,
        "src/core/self.ts:1: import cycle: src/core/self.ts -> src/core/self.ts",
      ],
    );
  });
});

describe("doc comments", () => {
  it.each([
    ["function f", "export function f(): void {}\n"],
    ["function f", "export async function f(): Promise<void> {}\n"],
    ["function\\* f", "export function* f(): Generator {}\n"],
    ["class F", "export class F {}\n"],
    ["class F", "export abstract class F {}\n"],
    ["const f", "export const f = 1;\n"],
    ["const f", "const f = 1;\n\nexport { f as g };\n"],
    ["interface F", "export interface F {}\n"],
    ["type F", "export type F = string;\n"],
  ])("are required on an exported %s", (what, text) => {
    const problem = new RegExp(`^src/core/x\\.ts:\\d+: exported ${what} has no doc comment directly above it$`);
    expectProblems({ "core/x.ts": `import "./y.ts";\n\n${text}`, "core/y.ts": "" }, [problem]);
    expectProblems({ "core/x.ts": `/** Header of the file. */\n\n${text}` }, [problem]);
    expectProblems({ "core/x.ts": `// Plain.\n/* Plain. */\n${text}` }, [problem]);
    expectClean({ "core/x.ts": `/**\n * What it is.\n */\n// biome-ignore lint: a reason\n${text}` });
  });

  it("are not required of what stays in the file, nor again on overloads", () => {
    expectClean({
      "core/x.ts":
        "const a = 1;\nclass B {\n  c = a;\n}\n\n" +
        "/** F. */\nexport function f(x: number): void;\nexport function f(x: string): void;\nexport function f(): void {}\n\nnew B();\n",
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
    [27, "C.[Symbol.dispose]"],
    [36, "I.kind"],
    [39, "I.nested"],
    [40, "I.call"],
    [42, "I.[key: string]"],
  ].map(([line, name]) => `src/core/x.ts:${line}: public member ${name} has no doc comment directly above it`);

  it("are required on the members of what index.ts exports, by whatever way", () => {
    const ways: Record<string, string>[] = [
      { "index.ts": 'export { C, type I } from "./core/x.ts";\n' },
      { "index.ts": 'export type * from "./core/x.ts";\n' },
      { "index.ts": 'export * as all from "./core/x.ts";\n' },
      { "index.ts": 'import { C as D, type I } from "./core/x.ts";\n\nexport { D };\nexport type { I };\n' },
      { "index.ts": 'export { D, I } from "./build.ts";\n', "build.ts": 'export { C as D, I } from "./core/x.ts";\n' },
      { "index.ts": 'export { C, I } from "./build.ts";\n', "build.ts": 'export * from "./core/x.ts";\n' },
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

  it("do not excuse a default export", () => {
    for (const text of ["export default function f() {}\n", "const f = 1;\nexport { f as default };\n"]) {
      expectProblems({ "core/x.ts": `/** F. */\n${text}` }, [/^src\/core\/x\.ts:[23]: default export: /]);
    }
  });
});

describe("node imports", () => {
  const text =
    'import { open } from "node:fs/promises";\nimport type { Worker } from "worker_threads";\nawait import("fs");\n';

  it("are for files named for Node, the worker and the command line", () => {
    expectClean({ "core/node-pool.ts": text, "node-build.ts": text, "worker.ts": text, "cli/deep/main.ts": text });
  });

  it.each(["core/pool.ts", "build.ts", "inspect/worker.ts", "core/node-x/y.ts"])("are refused in %s", (name) => {
    expectProblems({ [name]: text }, [
      `src/${name}:1: import of node:fs/promises: only node-*.ts, src/build/worker.ts and src/cli may use Node`,
      `src/${name}:2: import of worker_threads: only node-*.ts, src/build/worker.ts and src/cli may use Node`,
      `src/${name}:3: import of fs: only node-*.ts, src/build/worker.ts and src/cli may use Node`,
    ]);
  });
});

describe("scanner", () => {
  it("takes nothing in comments, strings, templates and regular expressions for code", () => {
    expectClean({
      "core/x.ts": `// import "node:fs";
/* export default 1; import "../cli/a.ts"; */
const text = 'import "node:fs"; export default 1;';
const other = "it's \\" from \\"node:fs\\"";
const template = \`
import "node:fs";
export const a = 1;
\${text.replace(/["'\`/]/g, \`}\${other}{\`)} from "node:fs"
\`;
const half = text.length / 2 / template.length; // "
const more = [4][0]! / 2; // don't
const quoted = (): boolean => {
  return /["]/.test(text);
};
const member = { from: 1, import: 2, export: 3 };
member.import / member.export;
`,
    });
  });

  it("still sees the code behind them", () => {
    expectProblems({ "core/x.ts": `const r = /[/"]/; // "\nconst s = \`\${"\`"}\`;\nimport /* why */ "node:fs";\n` }, [
      /^src\/core\/x\.ts:3: import of node:fs/,
    ]);
  });

  it("says so when it cannot follow", () => {
    expectProblems({ "core/x.ts": "const a = (1;\n}\n" }, [/^src\/core\/x\.ts:2: cannot read this file: /]);
    expectProblems({ "core/x.ts": "export { a };\n" }, ["src/core/x.ts:1: cannot find what a is"]);
  });
});
