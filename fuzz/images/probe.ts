/** Walks, reads in a row and at any place, dumps and verifies an image: what it throws is one clear error, and nothing is without end. */
import { ImageError } from "../../src/core/error.ts";
import { isDirectoryMode, kindOfMode } from "../../src/core/mode.ts";
import { dumpOpened } from "../../src/inspect/dump.ts";
import { type OpenedImage, openReader, readerOf } from "../../src/inspect/open-image.ts";
import type { ImageInode, ImageReader } from "../../src/inspect/reader.ts";
import { checkStructure } from "../../src/inspect/verify/check.ts";
import { PieceDecoder } from "../../src/inspect/verify/decode-pieces.ts";
import { countStored, StoredPieces } from "../../src/inspect/verify/stored-pieces.ts";
import { walkImage } from "../../src/inspect/walk.ts";

/** Of files that share their data so many bytes are read: an image can name the same again and again. */
const MOST_BYTES = 16 << 20;
/** Pieces of holes cost nothing, but a call each. */
const MOST_PIECES = 20_000;
/** What is compared with what is read at any place. */
const MOST_KEPT = 200_000;

/** Of so many files one is read at any place too. */
const OPENED_ONE_IN = 5;
const part = new Uint8Array(5000);
const kept = new Uint8Array(MOST_KEPT);

/** What became of an image. */
export interface Probe {
  /** In a word. */
  readonly result: string;
  /** What is wrong with that. */
  readonly finding: string | undefined;
}

/** Reads an image: by the walk, or also as dumps and checks do. */
export async function probe(bytes: Uint8Array, isThorough: boolean): Promise<Probe> {
  const results: string[] = [];
  let isWhole = false;
  const verifyAll = async (image: OpenedImage) => {
    const count = await verify(image);
    isWhole = count === 0;
    return typeof count === "string" ? count : undefined;
  };
  const steps: ((image: OpenedImage) => Promise<string | undefined>)[] = [walk];
  if (isThorough) steps.push(dump, verifyAll);
  let opened: OpenedImage | undefined;
  let refused: string | undefined;
  for (const step of steps) {
    try {
      opened ??= await openReader(bytes);
      const finding = await step(opened);
      if (finding !== undefined) return { result: "", finding };
      results.push("read");
    } catch (error) {
      const finding = judge(error);
      if (finding !== undefined) return { result: "", finding };
      results.push((error as ImageError).code.toLowerCase());
      refused ??= (error as ImageError).message;
    }
  }
  if (isWhole && results[0] === "damaged") return { result: "", finding: `is verified as whole, and read: ${refused}` };
  return { result: results.join(" "), finding: undefined };
}

/** An error of this package about the image, in one line; all else is a finding. */
function judge(error: unknown): string | undefined {
  if (!(error instanceof ImageError)) return `throws ${(error instanceof Error && error.stack) || String(error)}`;
  if (error.code !== "DAMAGED" && error.code !== "INPUT") return `throws ${error.code}: ${error.stack}`;
  if (!/^[\x20-\x7e]+$/.test(error.message) || /undefined|NaN|\[object/.test(error.message))
    return `says ${error.message}\n${error.stack}`;
  return undefined;
}

/** What is still read of an image. */
interface Allowance {
  bytes: number;
  pieces: number;
  /** Those that have been read. */
  files: number;
}

async function walk(image: OpenedImage): Promise<string | undefined> {
  const reader = readerOf(image);
  const left: Allowance = { bytes: MOST_BYTES, pieces: MOST_PIECES, files: 0 };
  const errors: unknown[] = [];
  const attempt = async (work: () => Promise<string | undefined>): Promise<string | undefined> => {
    try {
      return await work();
    } catch (error) {
      errors.push(error);
      return judge(error);
    }
  };
  for await (const { path, inode } of walkImage(reader)) {
    if (/(^|\/)(\.\.?)?(\/|$)|\0/.test(path) && path !== "") return `has an entry ${JSON.stringify(path)}`;
    const finding =
      (await attempt(() => readEntry(reader, inode))) ??
      (kindOfMode(inode.mode) === "file" ? await attempt(() => readContents(reader, inode, left)) : undefined);
    if (finding !== undefined) return `${JSON.stringify(path)}: ${finding}`;
  }
  if (errors.length > 0) throw errors[0];
  return undefined;
}

async function readEntry(reader: ImageReader, inode: ImageInode): Promise<string | undefined> {
  const { size, mtime, mtimeNsec, nlink, uid, gid, mode } = inode;
  for (const number of [size, mtime, mtimeNsec, nlink, uid, gid, mode]) {
    if (!Number.isSafeInteger(number)) return `has the number ${number}`;
  }
  const kind = kindOfMode(mode);
  if (kind === undefined) return `has the mode ${mode}`;
  if (size < 0 || mtimeNsec < 0 || mtimeNsec >= 1e9) return `has ${size} bytes, and ${mtimeNsec} nanoseconds`;
  if (kind === "char" || kind === "block") reader.device(inode);
  for (const { name } of await reader.xattrs(inode)) if (name.length === 0) return "has an attribute without a name";
  if (kind !== "symlink") return undefined;
  const target = await reader.target(inode);
  return target.length > 0 && target.length < 65_536 ? undefined : `has a target of ${target.length} bytes`;
}

async function readContents(reader: ImageReader, inode: ImageInode, left: Allowance): Promise<string | undefined> {
  if (isDirectoryMode(inode.mode) || left.bytes <= 0 || left.pieces <= 0) return undefined;
  const isKept = inode.size <= MOST_KEPT;
  let at = 0;
  for await (const piece of reader.pieces(inode)) {
    const isHole = !(piece instanceof Uint8Array);
    const length = isHole ? piece.zeros : piece.length;
    if (!(length > 0) || at + length > inode.size) return `has a piece of ${length} bytes at ${at} of ${inode.size}`;
    if (isKept && isHole) kept.fill(0, at, at + length);
    else if (isKept) kept.set(piece as Uint8Array, at);
    if (!isHole) left.bytes -= length;
    left.pieces--;
    at += length;
    if (left.bytes <= 0 || left.pieces <= 0) return undefined;
  }
  if (at !== inode.size) return `has pieces of ${at} bytes, not ${inode.size}`;
  if (left.files++ % OPENED_ONE_IN !== 0) return undefined;
  const open = await reader.open(inode);
  for (const offset of [Math.floor(inode.size / 2), Math.max(inode.size - 100, 0), 0, Math.floor(inode.size / 3)]) {
    const got = await open.readAt(part, offset);
    if (got !== Math.min(part.length, inode.size - offset)) return `gives ${got} bytes at ${offset} of ${inode.size}`;
    if (isKept && Buffer.compare(kept.subarray(offset, offset + got), part.subarray(0, got)) !== 0) {
      return `gives other bytes at ${offset} than from front to back`;
    }
  }
  return undefined;
}

async function dump(image: OpenedImage): Promise<string | undefined> {
  for await (const line of dumpOpened(image))
    if (!/^[\x20-\x7e]+$/.test(line)) return `is dumped as ${JSON.stringify(line)}`;
  return undefined;
}

/** How much it finds, or what is wrong with that. */
async function verify(image: OpenedImage): Promise<number | string> {
  const pieces = new StoredPieces();
  const { findings } = await checkStructure(image, pieces);
  for (const { message } of findings.list)
    if (!/^[\x20-\x7e]+$/.test(message)) return `is verified with ${JSON.stringify(message)}`;
  const rows = pieces.sorted();
  let failed = 0;
  await new PieceDecoder(image).decode(rows, 0, Math.min(countStored(rows), MOST_PIECES), () => failed++);
  // the checksum of what is changed is nothing to tell: it says so of everything in the first block
  const checksums = findings.list.filter(({ message }) => message.startsWith("the checksum is ")).length;
  return findings.count - checksums + failed;
}
