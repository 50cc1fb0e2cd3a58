/** The page of ts-imagefs against the command: its examples are what is printed, its fields are those of the JSON. */
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, entries } from "../../dist/index.js";
import { commandWords, runCommand, runShell } from "../helpers/commands.ts";
import { makePageImages } from "../helpers/images/page-images.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("imagefs-page");
const page = readFileSync(new URL("../../docs/imagefs.md", import.meta.url), "utf8");

beforeAll(async () => {
  await makePageImages(scratch);
  mkdirSync(`${scratch}/bin`);
  writeFileSync(`${scratch}/bin/ts-imagefs`, `#!/bin/sh\nexec ${commandWords("imagefs")} "$@"\n`);
  chmodSync(`${scratch}/bin/ts-imagefs`, 0o755);
  const xattrs = { "user.k": Uint8Array.of(1) };
  const list = [
    { path: "dev", kind: "char", major: 1, minor: 2 },
    { path: "link", kind: "symlink", target: "file" },
    { path: "file", contents: "x".repeat(5000), xattrs },
  ] as const;
  await buildErofs(entries(list), `${scratch}/kinds.img`, {});
  await buildSquashfs(entries(list), `${scratch}/kinds.squashfs`, {});
  const other = [...list.slice(0, 2), { path: "file", contents: "x", xattrs: {} }, { path: "more/deep", contents: "" }];
  await buildErofs(entries(other), `${scratch}/other.img`, {});
});

const examples = [...page.matchAll(/^```console\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
  block!.split(/^(?=\$ )/m).map((each) => {
    const [line = "", ...out] = each.split("\n");
    return [line.slice(2), out.join("\n")] as const;
  }),
);

test.each(examples)("%s", (line, expected) => {
  rmSync(`${scratch}/out`, { recursive: true, force: true });
  const ran = runShell(scratch, `PATH="$PWD/bin:$PATH"; export TZ=UTC LC_ALL=C; ${line}`);
  expect(ran.err).toBe("");
  expect(ran.out).toBe(expected);
});

/** Names of all fields: `a.b` in an object, `a[].b` in the objects of a list. */
function fieldsOf(value: object): string[] {
  const all = Object.entries(value).flatMap(([key, field]): string[] => {
    if (LEAVES.includes(key) || typeof field !== "object" || field === null) return [key];
    if (!Array.isArray(field)) return fieldsOf(field).map((each) => `${key}.${each}`);
    const objects = field.filter((each) => typeof each === "object");
    return objects.length === 0 ? [key] : objects.flatMap((each) => fieldsOf(each).map((name) => `${key}[].${name}`));
  });
  return [...new Set(all)];
}

/** Fields whose own names are no part of the format. */
const LEAVES = ["xattrs", "kinds", "devices", "findings"];

describe.each<[command: string, lines: string[]]>([
  ["info", ["info kinds.img", "info kinds.squashfs"]],
  ["ls", ["ls -R kinds.img"]],
  ["cat", ["cat kinds.img file"]],
  ["extract", ["extract kinds.img out"]],
  ["verify", ["verify kinds.img", "verify --against=rootfs kinds.img"]],
  ["diff", ["diff kinds.img other.img", "diff other.img kinds.img"]],
  ["dump", ["dump kinds.img"]],
  ["usage", ["usage kinds.img"]],
])("JSON of %s", (command, lines) => {
  test("has the fields that are told, and no others", () => {
    rmSync(`${scratch}/out`, { recursive: true, force: true });
    const found = lines.flatMap((line) =>
      fieldsOf(JSON.parse(runCommand(scratch, "imagefs", [...line.split(" "), "--json"]).out)),
    );
    const [, section = ""] = page.match(new RegExp(`^## ${command}\\n([\\s\\S]*?)(?=^## |(?![\\s\\S]))`, "m"))!;
    const told = [...section.matchAll(/^\| `([^`]+)` \|/gm)].map(([, field]) => field!);
    const image = command === "diff" ? [] : ["image"];
    expect([...new Set(found)].sort()).toEqual(["version", ...image, ...told].sort());
  });
});

test("every command has a section, and the links to them lead there", () => {
  const { out } = runCommand(scratch, "imagefs", ["none"], {});
  expect(out).toBe("");
  const { err } = runCommand(scratch, "imagefs", ["none"]);
  const [, names = ""] = err.match(/: (\S+(?:, \S+)*) are$/m)!;
  expect([...page.matchAll(/^## (\S+)$/gm)].map(([, name]) => name)).toEqual(names.split(", "));
  for (const name of names.split(", ")) expect(page).toContain(`[${name}](#${name})`);
});
