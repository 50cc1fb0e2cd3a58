/**
 * Contents that are hashed as they are read, for the fingerprints of files: one that is read from its start to its end, in
 * one go or in parts one behind the other, is not read again for that. One that is not, as threads share it or it has holes,
 * is read once more, by whoever asks for its digest.
 */
import { createHash, type Hash } from "node:crypto";
import type { JobContext } from "../../core/threads/threads.ts";
import { copyDigest, digestOf, type Fingerprints } from "../../erofs/disk/fingerprint.ts";
import type { Fingerprinter } from "../../erofs/segments/builder.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";

/** Bytes that are read at once where a file is read for its digest alone. */
const READ = 1 << 20;

/** The file that is being read, and how much of it has been hashed. */
interface OpenFile {
  readonly entry: number;
  readonly hash: Hash;
  next: number;
}

/** One thread's. */
export class HashingContents implements Contents, Fingerprinter {
  readonly #job: JobContext;
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #fingerprints: Fingerprints;
  #open: OpenFile | undefined;
  #read = new Uint8Array(0);

  constructor(job: JobContext, tree: Tree, contents: Contents, fingerprints: Fingerprints) {
    this.#job = job;
    this.#tree = tree;
    this.#contents = contents;
    this.#fingerprints = fingerprints;
  }

  get bytesRead(): number {
    return this.#contents.bytesRead;
  }

  set bytesRead(bytes: number) {
    this.#contents.bytesRead = bytes;
  }

  read(...[entry, offset, length, into, at, toEnd]: Parameters<Contents["read"]>): void | Promise<void> {
    const reading = this.#contents.read(entry, offset, length, into, at, toEnd);
    if (this.#fingerprints.known[entry] !== 0) return reading;
    const hash = () => this.#hash(entry, offset, into.subarray(at, at + length));
    return reading === undefined ? hash() : reading.then(hash);
  }

  #hash(entry: number, offset: number, bytes: Uint8Array): void {
    if (offset === 0) this.#open = { entry, hash: createHash("sha256"), next: 0 };
    const open = this.#open;
    if (open?.entry !== entry || offset > open.next || offset + bytes.length <= open.next) return;
    open.hash.update(bytes.subarray(open.next - offset));
    open.next = offset + bytes.length;
    if (open.next !== this.#tree.size.view[entry]) return;
    digestOf(this.#fingerprints, entry).set(open.hash.digest());
    this.#fingerprints.known[entry] = 1;
    this.#open = undefined;
  }

  take(entry: number, original: number): Promise<void> | undefined {
    const { known } = this.#fingerprints;
    if (known[original] === 0 && this.#tree.size.view[original]! > 0) return this.#readWhole(entry, original);
    if (original !== entry) copyDigest(this.#fingerprints, entry, original);
    return undefined;
  }

  async #readWhole(entry: number, original: number): Promise<void> {
    const size = this.#tree.size.view[original]!;
    if (this.#read.length === 0) this.#read = new Uint8Array(READ + 1);
    for (let at = 0; at < size; at += READ) {
      const length = Math.min(READ, size - at);
      await this.read(original, at, length, this.#read, 0, at + length === size);
      await this.#job.breathe();
    }
    if (original !== entry) copyDigest(this.#fingerprints, entry, original);
  }

  close(): void {
    this.#contents.close();
  }

  release(): void {
    this.#contents.release();
  }
}
