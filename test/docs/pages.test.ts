/** The pages for people against what they describe: the journey is that of the code, the bytes are those of the image. */
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { expect, test } from "vitest";
import { buildErofs, directory, entries } from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

const root = new URL("../../", import.meta.url);
const text = readFileSync(new URL("docs/architecture.md", root), "utf8");
const scratch = makeScratch("pages");

/** Lines of the fenced block of one kind. */
function fenced(kind: string): string[] {
  const [, block] = text.match(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\`$`, "m"))!;
  return block!.split("\n").filter((line) => line !== "");
}

test("every function of the journey is where it is said to be", () => {
  const steps = fenced("journey").filter((line) => !line.startsWith(" "));
  expect(steps.length).toBeGreaterThan(15);
  for (const step of steps) {
    const [file, names] = step.split(/ {2,}/) as [string, string];
    const code = readFileSync(new URL(`src/${file}`, root), "utf8");
    for (const name of names === "-" ? [] : names.split(", ")) {
      const definition = new RegExp(
        `^(?:export )?(?: {2})?(?:async )?(?:(?:const|class|function) )?${name}[<(: ]`,
        "m",
      );
      expect(`${file}: ${name}: ${definition.test(code)}`).toBe(`${file}: ${name}: true`);
    }
  }
});

test("the image has the bytes that are shown, and no others", async () => {
  for (const [path, make] of [
    ["etc/hostname", (path: string) => writeFileSync(path, "box\n", { mode: 0o644 })],
    ["bin/sh", (path: string) => symlinkSync("busybox", path)],
  ] as const) {
    const at = `${scratch}/rootfs/${path}`;
    mkdirSync(dirname(at), { recursive: true });
    make(at);
  }
  for (const path of ["", "etc", "bin"]) chmodSync(`${scratch}/rootfs/${path}`, 0o755);
  chmodSync(`${scratch}/rootfs/etc/hostname`, 0o644);
  await buildErofs(directory(`${scratch}/rootfs`), `${scratch}/box.img`, { timestamp: 1, owner: "root", label: "box" });
  const shown = Buffer.alloc(2 * 4096);
  for (const line of fenced("hex").filter((each) => !each.startsWith(" "))) {
    const [, offset, hex] = line.match(/^([0-9a-f]{8}) {2}((?:[0-9a-f]{2,} ?)+)(?: |$)/)!;
    Buffer.from(hex!.replaceAll(" ", ""), "hex").copy(shown, Number.parseInt(offset!, 16));
  }
  expect(readFileSync(`${scratch}/box.img`).toString("hex")).toBe(shown.toString("hex"));
});

test("the example of a tree in JavaScript runs as it is written", async () => {
  const readme = readFileSync(new URL("docs/library.md", root), "utf8");
  const blocks = [...readme.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, code]) => code!);
  const [code, ...more] = blocks.filter((block) => block.includes("readAt"));
  expect(more).toEqual([]);
  const names = "buildErofs, entries";
  const run = code!.replace(`import { ${names} } from "ts-mkerofs";`, `const { ${names} } = api;`);
  expect(run).not.toBe(code);
  const lines: unknown[][] = [];
  const AsyncFunction = (async () => undefined).constructor as new (
    ...words: string[]
  ) => (...values: unknown[]) => Promise<void>;
  await new AsyncFunction("api", "console", run)(
    { buildErofs, entries },
    { log: (...line: unknown[]) => lines.push(line) },
  );
  expect(lines).toEqual([[expect.stringMatching(/^[0-9a-f-]{36}$/), expect.any(Number), expect.any(Number), "5.4"]]);
  expect(lines[0]![1]).toBeGreaterThan(1 << 20);
});

const folders = ["", ".ci", "bench", "docs", "examples", "fuzz", "nix", "scripts", "src", "test"];
const files = folders.flatMap((folder) =>
  readdirSync(new URL(folder, root), { recursive: folder !== "", encoding: "utf8" }).map(
    (file) => `/${folder}/${file}`,
  ),
);

test.each([
  "docs/architecture.md",
  "docs/imagefs.md",
  "docs/commands.md",
  "docs/library.md",
  "docs/nix.md",
  "docs/scenarios.md",
  ...readdirSync(new URL("docs/scenarios", root)).map((page) => `docs/scenarios/${page}`),
  "docs/verity.md",
  "docs/windows.md",
  "bench/README.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "README.md",
  "examples/browser/README.md",
])("%s names what exists", (name) => {
  const page = readFileSync(new URL(name, root), "utf8");
  const links = [...page.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => new URL(link!, new URL(name, root)));
  expect(links.filter((link) => !existsSync(link)).map(String)).toEqual([]);
  // NAME stands for what is to be added
  const named = [...page.matchAll(/`([\w./-]+\.(?:as|json|md|mjs|nix|ts))`/g)].map(([, file]) => file!);
  const missing = named.filter((file) => !file.includes("NAME") && !files.some((each) => each.endsWith(`/${file}`)));
  expect(missing).toEqual([]);
});

test("the folders that are shown are those of the source, and the files in them are there", () => {
  const [, block] = text.match(/^## Folders\n([\s\S]*?)^## /m)!;
  const lines = block!.split("\n").filter((line) => line.startsWith("    "));
  const words = lines.flatMap((line) => line.match(/[\w-]+(?:\/[\w-]+)*(?:\/|\.ts\b)/g) ?? []);
  const source = readdirSync(new URL("src", root), { recursive: true, withFileTypes: true });
  const folders = source.filter((each) => each.isDirectory()).map((each) => each.name);
  const shown = words.filter((word) => word.endsWith("/")).flatMap((word) => word.split("/").filter(Boolean));
  expect([...new Set(shown)].sort()).toEqual([...new Set(folders)].sort());
  const names = source.filter((each) => each.isFile()).map((each) => each.name);
  expect(words.filter((word) => word.endsWith(".ts") && !names.includes(word.split("/").at(-1)!))).toEqual([]);
});

test("the links inside of a page lead to its headings", () => {
  for (const name of ["docs/architecture.md", "CONTRIBUTING.md", "docs/erofs-format.md", "docs/squashfs-format.md"]) {
    const page = readFileSync(new URL(name, root), "utf8");
    const anchors = [...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\w -]/g, "")
        .replaceAll(" ", "-"),
    );
    const links = [...page.matchAll(/\]\(#([^)]+)/g)].map(([, anchor]) => anchor!);
    expect({ name, missing: links.filter((link) => !anchors.includes(link)) }).toEqual({ name, missing: [] });
  }
});
