/** Commands where they cannot run: an old Node is told which one is needed, a removed directory is said to be. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { type BuildCommandName, type CommandName, commandPath, commandWords, runShell } from "../helpers/commands.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("cli-start");
const BUILDERS: BuildCommandName[] = ["gensquashfs", "mkerofs", "mksquashfs"];
const COMMANDS: CommandName[] = [...BUILDERS, "imagefs"];
const { engines } = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));

beforeAll(() => {
  mkdirSync(`${scratch}/source`);
  writeFileSync(`${scratch}/old.cjs`, 'Object.defineProperty(process.versions, "node", { value: "12.22.12" });\n');
});

/** What a file of dist/ imports before its first line runs, with all that this imports. */
function importedFirst(file: string): string[] {
  const text = readFileSync(file, "utf8");
  const names = [...text.matchAll(/\b(?:from|import)\s*["'`]([^"'`]+)["'`]/g)].map(([, name]) => name!);
  return names.flatMap((name) => {
    if (!name.startsWith(".")) return [name];
    const path = resolve(dirname(file), name);
    return [path, ...importedFirst(path)];
  });
}

describe.each(COMMANDS)("ts-%s under an old Node", (name) => {
  test("says in one line which one is needed, before anything else", () => {
    const words = ["--require", `${scratch}/old.cjs`, commandPath(name), "--none", "source"];
    const ran = spawnSync(process.execPath, words, { encoding: "utf8" });
    const needed = engines.node.replace(">=", "");
    expect(ran.stderr).toBe(`ts-${name}: Node ${needed} or newer is needed, and this is Node 12.22.12\n`);
    expect(ran).toMatchObject({ status: 1, stdout: "" });
  });

  // Node 12 is not here to ask: what it does not parse is looked for
  test("loads nothing before that which an old one cannot", () => {
    const loaded = importedFirst(commandPath(name));
    expect(loaded.map((path) => path.replace(/.*\//, ""))).toEqual(["chunk-start.js"]);
    for (const path of [commandPath(name), ...loaded]) {
      const text = readFileSync(path, "utf8").replace(/^#!.*/, "");
      expect(text).not.toMatch(/\?\.|\?\?|\|\|=|&&=|#\w|\bstatic\b|["'`]node:/);
      // outside of any function
      expect(text).not.toMatch(/^[^{]*\bawait\b/);
    }
  });
});

// Was a bug: what went wrong while the code was loaded was told with all calls that had led there.
test.runIf(process.platform === "linux")("code that cannot be loaded is said to be what is wrong, in one line", () => {
  const hook = `${scratch}/hook.mjs`;
  writeFileSync(
    hook,
    `export const resolve = (name, ...more) => {
      if (name.includes("chunk-command")) throw new Error("too many open files");
      return more[1](name, more[0]);
    };`,
  );
  const register = `data:text/javascript,import { register } from "node:module"; register(${JSON.stringify(`file://${hook}`)});`;
  const words = ["--import", register, commandPath("mksquashfs"), "source", "image"];
  const ran = spawnSync(process.execPath, words, { cwd: scratch, encoding: "utf8" });
  expect(ran).toMatchObject({ status: 1, stdout: "", stderr: "ts-mksquashfs: too many open files\n" });
});

describe.skipIf(process.platform === "win32")("where the current directory has been removed", () => {
  const run = (line: string) => runShell(scratch, `mkdir gone && cd gone && rmdir ../gone && ${line}`);
  const lines: Record<BuildCommandName, (source: string, image: string) => string> = {
    gensquashfs: (source, image) => `-q -D ${source} ${image}`,
    mkerofs: (source, image) => `--quiet ${image} ${source}`,
    mksquashfs: (source, image) => `${source} ${image} -quiet -noappend`,
  };

  test.each(BUILDERS)("ts-%s takes absolute paths, and says why it takes no relative ones", (name) => {
    const [source, image] = [`${scratch}/source`, `${scratch}/${name}.img`];
    const ask = (...paths: [string, string]) => run(`${commandWords(name)} ${lines[name](...paths)}`);
    expect(ask(source, image)).toEqual({ status: 0, out: "", err: "" });
    const why = "is a relative path, and the current directory has been removed";
    expect(ask(source, "image")).toEqual({ status: 1, out: "", err: `ts-${name}: image: ${why}\n` });
    expect(ask("source", `${image}.2`)).toEqual({ status: 1, out: "", err: `ts-${name}: source: ${why}\n` });
  });

  test("ts-imagefs looks into an image by its absolute path, and says why it does not by a relative one", () => {
    const image = `${scratch}/looked-into.img`;
    expect(run(`${commandWords("mkerofs")} --quiet ${image} ${scratch}/source`)).toEqual({
      status: 0,
      out: "",
      err: "",
    });
    expect(run(`${commandWords("imagefs")} ls ${image}`)).toEqual({ status: 0, out: "", err: "" });
    const why = "is a relative path, and the current directory has been removed";
    expect(run(`${commandWords("imagefs")} ls image`)).toEqual({
      status: 1,
      out: "",
      err: `ts-imagefs: image: ${why}\n`,
    });
  });

  test("lists that are relative are refused too", () => {
    const { err } = run(`${commandWords("mkerofs")} --sort-file=list ${scratch}/image ${scratch}/source`);
    expect(err).toBe("ts-mkerofs: list: is a relative path, and the current directory has been removed\n");
  });
});
