/** Entries of a tree that is changed, as tests see them: what the disk says of them, and what actions have changed. */
import { spawnSync } from "node:child_process";
import { type BigIntStats, statSync } from "node:fs";
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { systemCode } from "../../../core/node/node-errors.ts";
import { NONE, S_IFDIR, S_IFLNK, S_IFREG } from "../../tree/tree.ts";
import type { Amending } from "../node-amend.ts";
import type { EntryStats, Subject } from "./subject.ts";

/** Links that are followed one after another, as Linux has it. */
const MAX_LINKS = 40;

/** Makes subjects of entries. */
export class Subjects {
  readonly #work: Amending;
  /** Owners that actions have given, by one name of the inode. */
  readonly #owners = new Map<number, { uid?: number; gid?: number }>();

  constructor(work: Amending) {
    this.#work = work;
  }

  /** Notes an owner that an action has given: tests are not told what all entries get in the end. */
  noteOwner(entry: number, owner: { uid?: number; gid?: number }): void {
    const inode = this.#work.editor.namesOf(entry)[0]!;
    this.#owners.set(inode, { ...this.#owners.get(inode), ...owner });
  }

  /** An entry as tests see it. */
  of(entry: number): Subject {
    const work = this.#work;
    const { tree, editor } = work;
    const names = latin1FromBytes(tree.path(entry));
    return {
      name: latin1FromBytes(tree.name(entry)),
      path: `/${names}`,
      depth: entry === 0 ? 0 : names.split("/").length,
      stats: this.#stats(entry),
      count: () => [...editor.children(entry)].length,
      target: () => latin1FromBytes(tree.target(entry)),
      follow: (path) => this.#subject(this.#follow(tree.parent.view[entry]!, path, 0)),
      at: (path) => this.#subject(this.#at(entry, path)),
      followedStats: () => this.#followedStats(entry),
      describe: () => this.#describe(entry),
      execute: (command) => this.#execute(entry, command),
    };
  }

  #subject(entry: number): Subject | undefined {
    return entry === NONE ? undefined : this.of(entry);
  }

  #stats(entry: number): EntryStats {
    const { tree, editor, firstAdded } = this.#work;
    const names = editor.namesOf(entry);
    const made = {
      ...{ uid: tree.uid.view[entry]!, gid: tree.gid.view[entry]!, size: tree.size.view[entry]! },
      ...{ inode: 0, links: names.length, blocks: 0 },
    };
    const isOnDisk = entry < firstAdded && this.#work.hasDiskPath(entry);
    const stats = isOnDisk ? toStats(this.#work.stat(this.#work.diskPath(entry), entry === 0)) : made;
    return { ...stats, mode: tree.mode.view[entry]!, ...this.#owners.get(names[0]!) };
  }

  #followedStats(entry: number): EntryStats | undefined {
    if (entry >= this.#work.firstAdded) return this.#stats(entry);
    try {
      return toStats(statSync(Buffer.from(bytesFromLatin1(this.#work.diskPath(entry))), { bigint: true }));
    } catch (error) {
      if (["ENOENT", "ENOTDIR", "ELOOP", "EACCES"].includes(systemCode(error) ?? "")) return undefined;
      throw error;
    }
  }

  /** From an entry itself, or its directory, or the root. */
  #at(entry: number, path: string): number {
    const { tree } = this.#work;
    const rest = (from: number) => path.slice(from).replace(/^\/+/, "");
    if (path.startsWith("/")) return this.#follow(0, rest(0), 0);
    if (/^\.\.(?:\/|$)/.test(path)) return this.#follow(tree.parent.view[entry]!, rest(2), 0);
    return tree.kind(entry) === S_IFDIR ? this.#follow(entry, path, 0) : NONE;
  }

  /** What a relative path leads to, with all links on the way; NONE where there is nothing in the image. */
  #follow(from: number, path: string, links: number): number {
    const { tree, editor } = this.#work;
    if (path.startsWith("/") || links > MAX_LINKS) return NONE;
    let found = from;
    for (const name of path.split("/").filter((part) => part !== "" && part !== ".")) {
      if (tree.kind(found) !== S_IFDIR) return NONE;
      if (name === "..") {
        if (found === 0) return NONE;
        found = tree.parent.view[found]!;
        continue;
      }
      const child = editor.child(found, name);
      if (child === NONE) return NONE;
      const isLink = tree.kind(child) === S_IFLNK;
      found = isLink ? this.#follow(found, latin1FromBytes(tree.target(child)), links + 1) : child;
      if (found === NONE) return NONE;
    }
    return found;
  }

  #describe(entry: number): string {
    const { tree, firstAdded } = this.#work;
    if (entry >= firstAdded && tree.kind(entry) !== S_IFREG) return "";
    const path = Buffer.from(bytesFromLatin1(this.#work.diskPath(entry))).toString();
    const ran = spawnSync("file", ["-b", path], { encoding: "latin1" });
    if (ran.status === 0) return ran.stdout;
    const why = ran.error?.message ?? ran.stderr.trim();
    throw new ImageError("INPUT", `file(1) says nothing of ${path}: ${why}`, { path, cause: ran.error });
  }

  #execute(entry: number, command: string): boolean {
    const { tree } = this.#work;
    const text = (bytes: Uint8Array) => Buffer.from(bytes).toString();
    const env = {
      ...process.env,
      NAME: text(tree.name(entry)),
      PATHNAME: `/${text(tree.path(entry))}`,
      SOURCE_PATHNAME: text(bytesFromLatin1(this.#work.diskPath(entry))),
    };
    const ran = spawnSync("/bin/sh", ["-c", text(bytesFromLatin1(command))], { stdio: "ignore", env });
    if (ran.error === undefined) return ran.status === 0;
    throw new ImageError("INPUT", `${showBytes(bytesFromLatin1(command))}: ${ran.error.message}`, { cause: ran.error });
  }
}

function toStats({ mode, uid, gid, size, ino, nlink, blocks }: BigIntStats): EntryStats {
  return {
    ...{ mode: Number(mode), uid: Number(uid), gid: Number(gid), size: Number(size) },
    ...{ inode: Number(ino), links: Number(nlink), blocks: Number(blocks) },
  };
}
