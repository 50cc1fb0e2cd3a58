/** What the system says of an entry, on its way into the tree. */

import { type BigIntStats, lstatSync, type Stats } from "node:fs";
import { showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { isDeno } from "../../../core/node/node-errors.ts";
import { readLink } from "../../../core/node/node-link.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../../tree/policy.ts";
import {
  encodeDevice,
  FLAG_SPARSE,
  S_IFBLK,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type Tree,
} from "../../tree/tree.ts";
import { sourceStamp } from "./node-files.ts";
import { hostMode } from "./node-modes.ts";
import { imageTarget, type LinkPlace } from "./node-windows.ts";

const CUT_TIMES =
  "Deno tells times of files to the millisecond, and EROFS keeps nanoseconds: give one time for all (-T, timestamp), or use Node";

/** Stages entries of one tree. */
export class EntryStager {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  readonly #exactStats: boolean;
  readonly #placeOf: (entry: number) => LinkPlace;
  /** What the entry that is being stored has; its time stays 0 where all get another. */
  readonly #given = blankMetadata();

  /**
   * @param exactStats stats are BigInts, which tell times to the nanosecond
   * @param placeOf where a link lies, asked where that decides what its target is in the image
   * @throws ImageError `INPUT` where times are to be kept that this host does not tell
   */
  constructor(tree: Tree, policy: StagePolicy, exactStats: boolean, placeOf: (entry: number) => LinkPlace) {
    this.#tree = tree;
    this.#policy = policy;
    this.#exactStats = exactStats;
    this.#placeOf = placeOf;
    if (policy.times !== "fixed" && policy.holdsNanoseconds && isDeno()) throw new ImageError("INPUT", CUT_TIMES);
  }

  /** Stages an entry, which lies at `path`. */
  store(entry: number, stats: Stats | BigIntStats, path: Buffer): void {
    const tree = this.#tree;
    const mode = hostMode(stats, path, tree);
    tree.mode.view[entry] = mode;
    tree.stamp.view[entry] = sourceStamp(stats);
    const given = this.#given;
    given.uid = Number(stats.uid);
    given.gid = Number(stats.gid);
    if (this.#policy.times !== "fixed" && "mtimeNs" in stats) {
      given.mtimeNsec = Number(((stats.mtimeNs % NS) + NS) % NS);
      given.mtime = Number((stats.mtimeNs - BigInt(given.mtimeNsec)) / NS);
    }
    stageMetadata(tree, this.#policy, entry, given);
    const kind = mode & S_IFMT;
    if (kind === S_IFREG) {
      const size = Number(stats.size);
      tree.size.view[entry] = size;
      if (Number(stats.blocks) * 512 < size) tree.flags.view[entry]! |= FLAG_SPARSE;
    } else if (kind === S_IFLNK) {
      this.#storeTarget(entry, path);
    } else if (kind === S_IFCHR || kind === S_IFBLK) {
      const { major, minor } = splitDevice(BigInt(stats.rdev));
      tree.ref.view[entry] = encodeDevice(major, minor, showBytes(path));
    }
    if (kind !== S_IFDIR && stats.nlink > 1 && !this.#policy.copyLinks) {
      // a number may not hold all of it
      const inode = BigInt(this.#exactStats ? stats.ino : lstatSync(path, { bigint: true }).ino);
      tree.addLink(entry, Number(stats.dev), Number(inode >> 32n), Number(inode & 0xffffffffn));
    }
  }

  /** Stages a symbolic link of which only the path is known. */
  storeLink(entry: number, path: Buffer): void {
    // all that a link has besides may be given to it anyway
    const { uid, gid, times } = this.#policy;
    if (uid === undefined || gid === undefined || times !== "fixed") {
      this.store(entry, lstatSync(path), path);
      return;
    }
    this.#tree.mode.view[entry] = S_IFLNK | 0o777;
    this.#given.uid = uid;
    this.#given.gid = gid;
    stageMetadata(this.#tree, this.#policy, entry, this.#given);
    this.#storeTarget(entry, path);
  }

  #storeTarget(entry: number, path: Buffer): void {
    const tree = this.#tree;
    const target = imageTarget(readLink(path), () => this.#placeOf(entry));
    const at = tree.allocateName(target.length);
    tree.names.view.set(target, at);
    tree.ref.view[entry] = at;
    // st_size of links in /proc and some others is not the target's length
    tree.size.view[entry] = target.length;
  }
}

const NS = 1_000_000_000n;

/** dev_t as this platform's C library packs it. */
export function splitDevice(device: bigint): { major: number; minor: number } {
  if (process.platform !== "linux")
    return { major: Number((device >> 24n) & 0xffn), minor: Number(device & 0xffffffn) };
  return {
    major: Number(((device >> 8n) & 0xfffn) | ((device >> 32n) & ~0xfffn)),
    minor: Number((device & 0xffn) | ((device >> 12n) & ~0xffn & 0xffffffffn)),
  };
}
