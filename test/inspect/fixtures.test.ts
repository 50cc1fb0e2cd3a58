/** Images that newer C tools made of one tree, kept as fixtures, are read as that tree. */
import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { beforeAll, describe, expect, test } from "vitest";
import { buildErofs, buildSquashfs, entries } from "../../dist/index.js";
import { kindOfMode } from "../../src/core/mode.ts";
import { openReader, readerOf } from "../../src/inspect/open-image.ts";
import type { ImageReader } from "../../src/inspect/reader.ts";
import { walkImage } from "../../src/inspect/walk.ts";
import { dumpLines } from "../helpers/dump.ts";
import { VARIED_TREE } from "../helpers/images/varied-tree.ts";
import { makeScratch } from "../helpers/scratch.ts";

const FOLDER = new URL("../fixtures/images/", import.meta.url);
const scratch = makeScratch("fixtures");

/** Everything that a reader says of an image, by path. */
async function describeImage(image: Uint8Array): Promise<Map<string, object>> {
  const reader: ImageReader = readerOf(await openReader(image));
  const found = new Map<string, object>();
  const names = new Map<number, string>();
  for await (const { path, id, inode } of walkImage(reader)) {
    const { mode, uid, gid, nlink, size, mtime, mtimeNsec } = inode;
    const kind = kindOfMode(mode);
    const first = names.get(id) ?? path;
    names.set(id, first);
    const pieces: Buffer[] = [];
    if (kind === "file") {
      for await (const piece of reader.pieces(inode))
        pieces.push(piece instanceof Uint8Array ? Buffer.from(piece) : Buffer.alloc(piece.zeros));
    }
    const xattrs = (await reader.xattrs(inode)).map(
      ({ name, value }) => `${Buffer.from(name).toString("latin1")}=${Buffer.from(value).toString("hex")}`,
    );
    found.set(path, {
      ...{ mode, uid, gid, nlink, mtime, mtimeNsec, first, xattrs: xattrs.sort() },
      size: kind === "directory" ? undefined : size,
      target: kind === "symlink" ? Buffer.from(await reader.target(inode)).toString("latin1") : undefined,
      device: kind === "char" || kind === "block" ? reader.device(inode) : undefined,
      contents: Buffer.concat(pieces).toString("latin1"),
    });
  }
  return found;
}

describe.each(["erofs", "squashfs"] as const)("%s", (format) => {
  let expected = new Map<string, object>();
  beforeAll(async () => {
    const build = format === "erofs" ? buildErofs : buildSquashfs;
    await build(entries(VARIED_TREE), `${scratch}/${format}`);
    expected = await describeImage(readFileSync(`${scratch}/${format}`));
    expect(expected.size).toBe(VARIED_TREE.length);
  });

  test.each(readdirSync(FOLDER).filter((name) => name.endsWith(`.${format}.gz`)))("%s", async (name) => {
    const image = gunzipSync(readFileSync(new URL(name, FOLDER)));
    const found = await describeImage(image);
    expect([...found.keys()].sort()).toEqual([...expected.keys()].sort());
    for (const [path, entry] of found) {
      const wanted = { ...expected.get(path) };
      if (name.startsWith("gzip-no-tables")) Object.assign(wanted, { xattrs: [] });
      expect(entry, path).toEqual(wanted);
    }
    await dumpLines(image, true);
  });
});
