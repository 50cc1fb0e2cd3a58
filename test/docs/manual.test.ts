/** The format manuals against what they describe: their structures are those of the code, their bytes those of an image. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test, vi } from "vitest";
import { buildErofs, buildSquashfs, type Entry, entries } from "../../dist/index.js";
import { makeScratch } from "../helpers/scratch.ts";

type StructModule = typeof import("../../src/core/struct.ts");

/** Structures by name, as the modules declare them that are loaded meanwhile. */
const declared = vi.hoisted(() => new Map<string, object>());

vi.mock("../../src/core/struct.ts", async (original) => {
  const module = await original<StructModule>();
  const struct: StructModule["struct"] = (name, size, fields) => {
    const shape = module.struct(name, size, fields);
    declared.set(name, shape);
    return shape;
  };
  return { ...module, struct };
});

const scratch = makeScratch("manual");

/** The tree of the manuals' worked examples. */
const tree: Entry[] = [
  { path: "a", contents: "hello\n", mode: 0o644, xattrs: { "user.k": new TextEncoder().encode("v") } },
  { path: "l", kind: "symlink", target: "a" },
  { path: "z", contents: "0123456789abcdef\n".repeat(1200).slice(0, 20_000), mode: 0o644 },
];
const policy = { timestamp: 1_700_000_000, owner: "root" } as const;

/** Lines of the manual's fenced blocks of one kind. */
function fenced(format: string, kind: string): string[] {
  const manual = readFileSync(new URL(`../../docs/${format}-format.md`, import.meta.url), "utf8");
  return [...manual.matchAll(new RegExp(`^\`\`\`${kind}\n([^]*?)^\`\`\`$`, "gm"))].flatMap((match) =>
    match[1]!.split("\n").filter((line) => line !== ""),
  );
}

/** Offsets of the manual's structures by name, their size among them; throws where a row starts elsewhere. */
function parseStructures(format: string): Record<string, Record<string, number>> {
  const found: Record<string, Record<string, number>> = {};
  let fields: Record<string, number> = {};
  let at = 0;
  for (const line of fenced(format, "struct")) {
    const words = line.trim().split(/\s+/);
    if (/^\s*\d/.test(line)) {
      expect(`${Number(words[0])} ${line}`).toBe(`${at} ${line}`);
      for (let word = 1; word < words.length; word += 2) {
        fields[words[word]!] = at;
        at += Number(words[word + 1]);
      }
    } else {
      fields = { byteSize: Number(words.at(-1)) };
      found[words.slice(0, -1).join(" ")] = fields;
      at = 0;
    }
    if (at > 0 && at % 16 !== 0) expect(`${line}: ${fields.byteSize}`).toBe(`${line}: ${at}`);
  }
  return found;
}

describe.each(["erofs", "squashfs"] as const)("the manual of %s", (format) => {
  test("has every structure of the code, field by field", async () => {
    declared.clear();
    const folder = new URL(`../../src/${format}/disk/`, import.meta.url);
    for (const file of readdirSync(folder)) await import(new URL(file, folder).pathname);
    expect(declared.size).toBeGreaterThan(10);
    const described = parseStructures(format);
    for (const [name, shape] of declared) {
      expect({ name, ...described[name] }).toEqual({ name, ...Object.fromEntries(Object.entries(shape)) });
    }
  });

  test("shows the bytes of the image that it tells of", async () => {
    const path = `${scratch}/${format}`;
    const uuid = "00000000-0000-0000-0000-000000000001";
    if (format === "erofs") await buildErofs(entries(tree), path, { ...policy, uuid, compress: { algorithm: "lz4" } });
    else await buildSquashfs(entries(tree), path, { ...policy, compressor: "none", blockSize: 4096 });
    const image = readFileSync(path);
    const rest = Buffer.from(image);
    for (const line of fenced(format, `hex ${format}`)) {
      const [offset, hex] = /^([0-9a-f]{8}) {2}((?:[0-9a-f]{2,} ?)+)/.exec(line)!.slice(1) as [string, string];
      const bytes = Buffer.from(hex.replaceAll(" ", ""), "hex");
      const at = Number.parseInt(offset, 16);
      expect(`${offset} ${image.subarray(at, at + bytes.length).toString("hex")}`).toBe(
        `${offset} ${bytes.toString("hex")}`,
      );
      rest.fill(0, at, at + bytes.length);
    }
    // of SquashFS contents are shown only where they begin
    if (format === "erofs") expect(rest.findIndex((byte) => byte !== 0)).toBe(-1);
  });
});
