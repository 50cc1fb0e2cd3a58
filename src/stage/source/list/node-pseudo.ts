/** Pseudo file definitions: read from files, and applied to a tree that has been walked. */
import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, readSync } from "node:fs";
import { bytesFromLatin1, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemMessage } from "../../../core/node/node-errors.ts";
import { SpillFile } from "../../../core/node/node-spill.ts";
import { splitPath } from "../../tree/path.ts";
import { NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";
import type { Accounts } from "./accounts.ts";
import { type PseudoEntry, parsePseudoFile } from "./pseudo.ts";

/** Definitions, and the file that the contents of their `R` entries lie in. */
export interface PseudoFile {
  entries: readonly PseudoEntry[];
  /** The file, or the bytes of what is none, and where in it the contents begin. */
  data: { source: string | Uint8Array; start: number } | undefined;
}

/** What stands between the definitions and the contents, as unsquashfs writes it; two bytes follow. */
const MARKER = "# START OF DATA - DO NOT MODIFY\n";
const READ_BYTES = 1 << 20;

/** Reads a file of definitions; `-` is standard input. Throws `INPUT` naming it, or its line. */
export function readPseudoFile(path: string, accounts: Accounts): PseudoFile {
  const source = path === "-" ? attempt(path, () => readFileSync(0)) : path;
  const head = typeof source === "string" ? readHead(source) : source;
  const at = Buffer.from(head.buffer, head.byteOffset, head.length).indexOf(MARKER);
  const entries = parsePseudoFile(at < 0 ? head : head.subarray(0, at), path, accounts);
  const withData = entries.find(({ data }) => data !== undefined);
  if (withData && at < 0) throw new ImageError("INPUT", `${withData.where}: no data stands behind the definitions`);
  return { entries, data: at < 0 ? undefined : { source, start: at + MARKER.length + 2 } };
}

/** A file up to its marker: what stands behind it may be as large as an image. */
function readHead(path: string): Uint8Array {
  return attempt(path, () => {
    const file = openSync(path, "r");
    try {
      let head = Buffer.alloc(0);
      const chunk = Buffer.alloc(READ_BYTES);
      for (let got = readSync(file, chunk); got > 0; got = readSync(file, chunk)) {
        const before = Math.max(0, head.length - MARKER.length);
        head = Buffer.concat([head, chunk.subarray(0, got)]);
        if (head.indexOf(MARKER, before) >= 0) break;
      }
      return head;
    } finally {
      closeSync(file);
    }
  });
}

function attempt<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}

/** What applies to all definitions. */
export interface PseudoDefaults {
  /** Of entries that are given no time. */
  mtime: number;
  /** What directories are like that are missing on the way to an entry; without it, that is an error. */
  directory: PseudoEntry | undefined;
  /** Where a path of the disk lies in the image, if it does. */
  inImage: (diskPath: string) => string | undefined;
}

/** Does what the definitions say, in their order. */
export function applyPseudo(work: Amending, { entries, data }: PseudoFile, defaults: PseudoDefaults): void {
  for (const entry of entries) {
    try {
      addDirectories(work, entry, defaults);
      if (entry.action === "copy" || entry.action === "follow") addCopy(work, entry, defaults.inImage);
      else applyOne(work, entry, data, defaults.mtime);
    } catch (error) {
      if (!(error instanceof ImageError) || error.message.startsWith(entry.where)) throw error;
      throw new ImageError(error.code, `${entry.where}: ${error.message}`, { path: error.path, cause: error.cause });
    }
  }
}

function addDirectories(work: Amending, entry: PseudoEntry, { mtime, directory }: PseudoDefaults): void {
  const names = splitPath(entry.path);
  for (let depth = 1; depth < names.length; depth++) {
    const path = names.slice(0, depth).join("/");
    if (work.editor.find(path) !== NONE) continue;
    if (directory === undefined) need(work, entry, path);
    else work.editor.add(path, { ...directory, mtime: directory.mtime ?? mtime });
  }
}

function applyOne(work: Amending, entry: PseudoEntry, data: PseudoFile["data"], defaultTime: number): void {
  const { editor, tree } = work;
  const { path, mode, uid, gid, target } = entry;
  if (entry.action === "link") {
    editor.addLink(path, need(work, entry, target));
  } else if (entry.action === "xattr") {
    const at = need(work, entry, path);
    work.addXattr(at, entry.xattr!);
  } else if (entry.action === "modify") {
    const at = need(work, entry, path);
    const kept = tree.mtime.view[at]!;
    editor.setMeta(at, { mode: tree.kind(at) | (mode & 0o7777), uid, gid, mtime: entry.mtime ?? kept });
  } else {
    const meta = { mode, uid, gid, mtime: entry.mtime ?? defaultTime };
    const kind = mode & S_IFMT;
    if (entry.data) work.addMade(path, meta, (file) => copyData(data!, entry, file));
    else if (kind === S_IFREG) work.addMade(path, meta, (file) => runCommand(entry, file));
    else if (kind === S_IFLNK) editor.setTarget(editor.add(path, meta), target);
    else if (kind === S_IFCHR || kind === S_IFBLK) work.addDevice(path, meta, entry.major, entry.minor);
    else editor.add(path, meta);
  }
}

/** Adds a file of this machine; if it is in the image already, as a further name of that. */
function addCopy(
  work: Amending,
  { action, path, target, where }: PseudoEntry,
  inImage: PseudoDefaults["inImage"],
): void {
  const stats = work.stat(target, action === "follow");
  const kind = Number(stats.mode) & S_IFMT;
  if (kind === S_IFDIR) throw new ImageError("INPUT", `${where}: a directory cannot be linked to`);
  const known = inImage(target);
  const original = known === undefined ? NONE : work.editor.find(known);
  if (original !== NONE && work.tree.kind(original) === kind) {
    work.editor.addLink(path, original);
    return;
  }
  const seconds = Math.floor(Number(stats.mtimeMs) / 1000);
  const meta = { mode: work.mode(target, stats), uid: Number(stats.uid), gid: Number(stats.gid), mtime: seconds };
  work.addFrom(path, meta, target, stats);
}

function need(work: Amending, { where }: PseudoEntry, path: string): number {
  const entry = work.editor.find(path);
  if (entry !== NONE) return entry;
  throw new ImageError("INPUT", `${where}: there is no ${showBytes(bytesFromLatin1(path))} in the image`);
}

/** Copies the contents of an `R` entry to a file. */
function copyData({ source, start }: NonNullable<PseudoFile["data"]>, { data, where }: PseudoEntry, to: string): void {
  const from = start + data!.offset;
  const read = typeof source === "string" ? openSync(source, "r") : undefined;
  const file = new SpillFile(to);
  try {
    for (let done = 0; done < data!.length; ) {
      const count = Math.min(READ_BYTES, data!.length - done);
      const bytes =
        read === undefined ? (source as Uint8Array).subarray(from + done, from + done + count) : Buffer.alloc(count);
      const got = read === undefined ? bytes.length : readSync(read, bytes, 0, count, from + done);
      if (got === 0) throw new ImageError("INPUT", `${where}: the data ends before these contents do`);
      file.writeAt(bytes.subarray(0, got), done);
      done += got;
    }
  } finally {
    file.release();
    if (read !== undefined) closeSync(read);
  }
}

/** Has a file filled with what a shell's command writes to its standard output. */
function runCommand({ command, where }: PseudoEntry, to: string): void {
  const text = Buffer.from(command!, "latin1").toString();
  const out = openSync(to, "w");
  const ended = spawnSync("/bin/sh", ["-c", text], { stdio: ["ignore", out, "inherit"] });
  closeSync(out);
  if (ended.error) throw new ImageError("INPUT", `${where}: ${text}: ${ended.error.message}`, { cause: ended.error });
  const how = ended.signal === null ? `status ${ended.status}` : ended.signal;
  if (ended.status !== 0) throw new ImageError("INPUT", `${where}: ${text}: ended with ${how}`);
}
