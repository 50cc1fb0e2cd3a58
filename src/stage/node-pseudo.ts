/** Pseudo file definitions, applied to a tree that has been walked. */
import { spawnSync } from "node:child_process";
import { compareBytes, latin1FromBytes, showBytes } from "../core/bytes.ts";
import { ImageError } from "../core/error.ts";
import type { Amending } from "./node-amend.ts";
import type { PseudoEntry } from "./pseudo.ts";
import type { Xattr } from "./source.ts";
import { NONE, S_IFBLK, S_IFCHR, S_IFDIR, S_IFLNK, S_IFMT, S_IFREG } from "./tree.ts";

/** Does what the definitions say, in their order. `mtime`: of entries that are given none. */
export function applyPseudo(work: Amending, entries: readonly PseudoEntry[], mtime: number): void {
  for (const entry of entries) {
    try {
      applyOne(work, entry, mtime);
    } catch (error) {
      if (!(error instanceof ImageError) || error.message.startsWith(entry.where)) throw error;
      throw new ImageError(error.code, `${entry.where}: ${error.message}`, { path: error.path, cause: error.cause });
    }
  }
}

function applyOne(work: Amending, entry: PseudoEntry, defaultTime: number): void {
  const { editor, tree } = work;
  const { path, mode, uid, gid, target } = entry;
  if (entry.action === "link") {
    editor.addLink(path, need(work, entry, target));
  } else if (entry.action === "copy") {
    const disk = latin1FromBytes(Buffer.from(target, "latin1"));
    const stats = work.stat(disk, false);
    const seconds = Math.floor(Number(stats.mtimeMs) / 1000);
    const meta = { mode: Number(stats.mode), uid: Number(stats.uid), gid: Number(stats.gid), mtime: seconds };
    if ((meta.mode & S_IFMT) === S_IFDIR)
      throw new ImageError("INPUT", `${entry.where}: a directory cannot be linked to`);
    work.addFrom(path, meta, disk, stats);
  } else if (entry.action === "xattr") {
    const at = need(work, entry, path);
    work.setXattrs(at, withXattr(work.xattrs(at), entry.xattr!));
  } else if (entry.action === "modify") {
    const at = need(work, entry, path);
    const kept = tree.mtime.view[at]!;
    editor.setMeta(at, { mode: tree.kind(at) | (mode & 0o7777), uid, gid, mtime: entry.mtime ?? kept });
  } else {
    const meta = { mode, uid, gid, mtime: entry.mtime ?? defaultTime };
    const kind = mode & S_IFMT;
    if (kind === S_IFREG) work.addContents(path, meta, runCommand(entry));
    else if (kind === S_IFLNK) editor.setTarget(editor.add(path, meta), target);
    else if (kind === S_IFCHR || kind === S_IFBLK) work.addDevice(path, meta, entry.major, entry.minor);
    else editor.add(path, meta);
  }
}

function need(work: Amending, { where }: PseudoEntry, path: string): number {
  const entry = work.editor.find(path);
  if (entry !== NONE) return entry;
  throw new ImageError("INPUT", `${where}: there is no ${showBytes(Buffer.from(path, "latin1"))} in the image`);
}

/** A set with an attribute more, or with another value for it. */
function withXattr(set: readonly Xattr[], xattr: Xattr): Xattr[] {
  return [...set.filter(({ name }) => compareBytes(name, xattr.name) !== 0), xattr];
}

/** What a shell's command writes to its standard output. */
function runCommand({ command, where }: PseudoEntry): Uint8Array {
  const text = Buffer.from(command!, "latin1").toString();
  const run = spawnSync("/bin/sh", ["-c", text], { stdio: ["ignore", "pipe", "inherit"], maxBuffer: 2 ** 31 });
  if (run.error) throw new ImageError("INPUT", `${where}: ${text}: ${run.error.message}`, { cause: run.error });
  const how = run.signal === null ? `status ${run.status}` : run.signal;
  if (run.status !== 0) throw new ImageError("INPUT", `${where}: ${text}: ended with ${how}`);
  return run.stdout;
}
