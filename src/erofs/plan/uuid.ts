/**
 * The UUID of an image nobody has given one: a hash of all that its bytes are made of except the files' contents,
 * which are not read yet when the superblock of a piped image has to leave. Names, kinds, modes, owners, times, sizes,
 * targets, devices, attributes, the sharing of links and data, and the options all count; where the holes of sparse
 * files lie is contents too.
 */
import type { XxHash } from "../../core/hash/xxhash.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import { NONE, S_IFDIR, S_IFLNK, type Tree } from "../../stage/tree/tree.ts";
import type { XattrPlan } from "../disk/xattr.ts";

const FLUSH_AT = 1 << 16;
/** Bytes that one entry's fixed fields take at most. */
const FIELDS = 128;
const NO_BYTES = new Uint8Array(0);

/** What a UUID is derived from. */
export interface UuidInput {
  tree: Tree;
  inodes: InodeOrder;
  /** By entry: the file whose data it has, or NONE; undefined where no file shares any. */
  sharesWith: Uint32Array | undefined;
  xattrs: XattrPlan;
  /** The options: see uuid-text.ts. */
  optionsText: string;
}

/** 16 bytes, marked as UUID version 8: application defined. */
export function deriveUuid({ tree, inodes, sharesWith, xattrs, optionsText }: UuidInput, xxhash: XxHash): Uint8Array {
  const place = new Uint32Array(tree.length);
  const digest = new Digest(xxhash);
  digest.bytes(new TextEncoder().encode(optionsText));
  digest.bytes(xattrs.shared);
  // an entry's number may differ from build to build: what others say of it is its place in the order
  for (let index = 0; index < inodes.order.length; index++) place[inodes.order[index]!] = index;
  for (const entry of inodes.order) {
    digest.numbers(
      tree.mode.view[entry]!,
      tree.uid.view[entry]!,
      tree.gid.view[entry]!,
      tree.mtime.view[entry]!,
      tree.mtimeNsec.view[entry]!,
      tree.size.view[entry]!,
    );
    digest.bytes(xattrs.ibodies[tree.xattrs.view[entry]!] ?? NO_BYTES);
    const original = sharesWith?.[entry] ?? NONE;
    digest.number(original === NONE ? NONE : place[original]!);
    const kind = tree.kind(entry);
    if (kind === S_IFLNK) digest.bytes(tree.target(entry));
    else if (kind !== S_IFDIR) digest.number(tree.ref.view[entry]!);
    else {
      const first = tree.ref.view[entry]!;
      const count = tree.count.view[entry]!;
      digest.number(count);
      for (let child = first; child < first + count; child++) {
        digest.child(tree, child, place[inodes.inodeOf?.[child] ?? child]!);
      }
    }
  }
  return digest.uuid();
}

/** Collects fields and hashes them a buffer at a time, under two seeds. */
class Digest {
  readonly #halves;
  readonly #buffer = new Uint8Array(FLUSH_AT + FIELDS);
  readonly #view = new DataView(this.#buffer.buffer);
  #used = 0;

  constructor(xxhash: XxHash) {
    this.#halves = [xxhash.create64(0n), xxhash.create64(1n)];
  }

  number(value: number): void {
    this.#view.setFloat64(this.#used, value, true);
    this.#used += 8;
    if (this.#used >= FLUSH_AT) this.#flush();
  }

  /** Six of them: most of what there is, so the room for them is looked at once. */
  numbers(a: number, b: number, c: number, d: number, e: number, f: number): void {
    const view = this.#view;
    const at = this.#used;
    view.setFloat64(at, a, true);
    view.setFloat64(at + 8, b, true);
    view.setFloat64(at + 16, c, true);
    view.setFloat64(at + 24, d, true);
    view.setFloat64(at + 32, e, true);
    view.setFloat64(at + 40, f, true);
    this.#used = at + 48;
    if (this.#used >= FLUSH_AT) this.#flush();
  }

  bytes(bytes: Uint8Array): void {
    this.number(bytes.length);
    if (this.#used + bytes.length > this.#buffer.length) this.#flush();
    if (bytes.length > this.#buffer.length) {
      for (const half of this.#halves) half.update(bytes.slice());
      return;
    }
    this.#buffer.set(bytes, this.#used);
    this.#used += bytes.length;
    if (this.#used >= FLUSH_AT) this.#flush();
  }

  /** The bytes of a name, as {@link bytes} does it but without a view of each, and its place: as many as entries. */
  child(tree: Tree, entry: number, place: number): void {
    const names = tree.names.view;
    const from = tree.nameOff.view[entry]!;
    const length = tree.nameLen.view[entry]!;
    if (this.#used + length + 16 > this.#buffer.length) this.#flush();
    const buffer = this.#buffer;
    let at = this.#used;
    this.#view.setFloat64(at, length, true);
    at += 8;
    for (let i = from; i < from + length; i++) buffer[at++] = names[i]!;
    this.#view.setFloat64(at, place, true);
    this.#used = at + 8;
    if (this.#used >= FLUSH_AT) this.#flush();
  }

  uuid(): Uint8Array {
    this.#flush();
    const uuid = new Uint8Array(16);
    const view = new DataView(uuid.buffer);
    this.#halves.forEach((half, index) => {
      view.setBigUint64(8 * index, half.digest());
    });
    uuid[6] = (uuid[6]! & 0x0f) | 0x80;
    uuid[8] = (uuid[8]! & 0x3f) | 0x80;
    return uuid;
  }

  #flush(): void {
    for (const half of this.#halves) half.update(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }
}
