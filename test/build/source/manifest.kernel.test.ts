/** Attributes of files that a list names, read by getfattr where that is asked for; those of a manifest take their place. */
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { buildErofs, type Entry, entries, manifest, packFile, type Source } from "../../../dist/index.js";
import { hasCommand, oracle } from "../../helpers/oracle.ts";
import { makeScratch } from "../../helpers/scratch.ts";

const withoutGetfattr = !oracle("getfattr", hasCommand("getfattr") && hasCommand("setfattr"));
const scratch = makeScratch("manifest-kernel");

// Was a bug: without a path that lies on disk getfattr was called with none, and refused that.
test.skipIf(withoutGetfattr)("attributes of files that lists name are read where that is asked for", async () => {
  const file = `${scratch}/file`;
  writeFileSync(file, "text");
  const { status } = spawnSync("setfattr", ["-n", "user.x", "-v", "disk", file]);
  expect(status).toBe(0);
  writeFileSync(`${scratch}/list`, `file a 644 0 0 ${file}\n`);
  const hashOf = async (source: Source, options = {}) => {
    await buildErofs(source, `${scratch}/image`, options);
    return createHash("sha256")
      .update(readFileSync(`${scratch}/image`))
      .digest("hex");
  };
  const described = (value?: string) => {
    const xattrs = value === undefined ? undefined : { "user.x": value };
    return manifest({ version: 1, entries: [{ path: "a", source: file, xattrs }] });
  };
  const expected = (value?: string) => {
    const entry: Entry = { path: "a", contents: "text" };
    return entries([value === undefined ? entry : { ...entry, xattrs: { "user.x": Buffer.from(value) } }]);
  };
  const asked = { xattrReader: "getfattr" };
  expect(await hashOf(described())).toBe(await hashOf(expected()));
  expect(await hashOf(described(), asked)).toBe(await hashOf(expected("disk")));
  expect(await hashOf(described("own"), asked)).toBe(await hashOf(expected("own")));
  expect(await hashOf(packFile(`${scratch}/list`), asked)).toBe(await hashOf(expected("disk")));
});
