/** What the product's own reader says of an image, compared with what Linux shows of it. */
import { closeSync, openSync, readSync } from "node:fs";
import type { ByteSource } from "../../../src/core/byte-source.ts";
import { kindOfMode } from "../../../src/core/mode.ts";
import { openReader, readerOf } from "../../../src/inspect/open-image.ts";
import type { ImageInode, ImageReader } from "../../../src/inspect/reader.ts";
import { walkImage } from "../../../src/inspect/walk.ts";
import { compareWithSpec, type SpecEntry } from "./compare.ts";

/** Zeros that are not stored are compared for so many bytes. */
const MOST_ZEROS = 1 << 20;

/** What differs: every entry, and every byte that is stored. */
export async function compareReader(image: Uint8Array | ByteSource, mount: string, devices: ByteSource[] = []) {
  const reader = readerOf(await openReader(image, devices));
  const entries: SpecEntry[] = [];
  const named = new Map<number, Buffer>();
  const differences: string[] = [];
  for await (const { path, id, inode } of walkImage(reader)) {
    const bytes = Buffer.from(path, "latin1");
    const first = named.get(id);
    const { entry, kind } = await describe(reader, bytes, inode);
    if (kind !== "directory") named.set(id, first ?? bytes);
    entries.push({ ...entry, hardLinkOf: first });
    if (kind !== "file" || first !== undefined) continue;
    const at = Buffer.concat([Buffer.from(`${mount}/`), bytes]);
    if (!(await hasContents(reader, inode, at))) differences.push(`${path}: other contents`);
  }
  // of an image without any Linux says that there can be none
  const hasXattrs = entries.some(({ xattrs }) => Object.keys(xattrs!).length > 0);
  const spec = hasXattrs ? entries : entries.map((entry) => ({ ...entry, xattrs: undefined }));
  return [...compareWithSpec(mount, spec), ...differences];
}

async function describe(reader: ImageReader, path: Buffer, inode: ImageInode) {
  const kind = kindOfMode(inode.mode);
  if (kind === undefined) throw new Error(`${path}: a mode of ${inode.mode.toString(8)}`);
  const { uid, gid, nlink, size, mtime, mtimeNsec } = inode;
  const entry: SpecEntry = {
    path,
    kind,
    mode: inode.mode & 0o7777,
    uid,
    gid,
    nlink,
    mtime: { sec: mtime, nsec: mtimeNsec },
  };
  if (kind === "file") entry.size = size;
  if (kind === "symlink") entry.target = await reader.target(inode);
  if (kind === "char" || kind === "block") Object.assign(entry, reader.device(inode));
  const xattrs = await reader.xattrs(inode);
  entry.xattrs = Object.fromEntries(xattrs.map(({ name, value }) => [Buffer.from(name).toString("latin1"), value]));
  return { entry, kind };
}

/** Whether pieces, and what is read at any place, are what a file holds. */
async function hasContents(reader: ImageReader, inode: ImageInode, path: Buffer): Promise<boolean> {
  const file = openSync(path, "r");
  try {
    const expected = (at: number, length: number) => {
      const bytes = Buffer.alloc(length);
      return bytes.subarray(0, readSync(file, bytes, 0, length, at));
    };
    let at = 0;
    for await (const piece of reader.pieces(inode)) {
      const isHole = !(piece instanceof Uint8Array);
      const bytes = isHole ? Buffer.alloc(Math.min(piece.zeros, MOST_ZEROS)) : piece;
      if (!expected(at, bytes.length).equals(bytes)) return false;
      at += isHole ? piece.zeros : piece.length;
    }
    if (at !== inode.size) return false;
    const open = await reader.open(inode);
    const part = new Uint8Array(70_000);
    for (const offset of [0, 1, 4096, Math.floor(inode.size / 3), Math.max(inode.size - 5000, 0), inode.size]) {
      const got = offset > inode.size ? 0 : await open.readAt(part, offset);
      if (got !== Math.min(part.length, Math.max(inode.size - offset, 0))) return false;
      if (!expected(offset, got).equals(part.subarray(0, got))) return false;
    }
    return true;
  } finally {
    closeSync(file);
  }
}
