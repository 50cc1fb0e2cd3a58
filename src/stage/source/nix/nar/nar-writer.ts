/** Writes what lies at an entry of a tree as a NAR: see nar-format.ts. Where the bytes go is the caller's affair. */
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import type { Contents } from "../../../tree/contents.ts";
import { S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../../tree/tree.ts";
import { emitLength, encodeWords, NAR_MAGIC, paddingOf } from "./nar-format.ts";

/** Bytes that are gathered before they are passed on. */
const WINDOW = 1 << 18;
/** Zeros behind contents, and the byte that reading to the end may write. */
const SLACK = 16;
const OWNER_EXECUTES = 0o100;

const MAGIC = encodeWords(NAR_MAGIC);
const REGULAR = encodeWords("(", "type", "regular", "contents");
const EXECUTABLE = encodeWords("(", "type", "regular", "executable", "", "contents");
const SYMLINK = encodeWords("(", "type", "symlink", "target");
const DIRECTORY = encodeWords("(", "type", "directory");
const ENTRY = encodeWords("entry", "(", "name");
const NODE = encodeWords("node");
const END = encodeWords(")");

/** Takes the archive's bytes in order; they may be reused as soon as it returns. */
export type TakeBytes = (bytes: Uint8Array) => void;

/** A directory that is being written. */
interface Open {
  next: number;
  end: number;
}

/** Writes archives, one after another. */
export class NarWriter {
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #take: TakeBytes;
  readonly #breathe: (bytes: number) => Promise<void> | undefined;
  readonly #window = new Uint8Array(WINDOW + SLACK);
  #used = 0;
  /** Bytes of the archive so far. */
  size = 0;

  /** @param breathe is called now and then with the bytes that have been read since: see JobContext */
  constructor(tree: Tree, contents: Contents, take: TakeBytes, breathe: (bytes: number) => Promise<void> | undefined) {
    this.#tree = tree;
    this.#contents = contents;
    this.#take = take;
    this.#breathe = breathe;
  }

  /** Writes what lies at `entry`. Throws `INPUT` for what an archive cannot hold, and whatever reading throws. */
  async write(entry: number): Promise<void> {
    this.size = 0;
    this.#put(MAGIC);
    const tree = this.#tree;
    const open: Open[] = [];
    const start = (node: number) => {
      if (tree.kind(node) !== S_IFDIR) return this.#writeLeaf(node);
      this.#put(DIRECTORY);
      const first = tree.ref.view[node]!;
      open.push({ next: first, end: first + tree.count.view[node]! });
      return undefined;
    };
    await start(entry);
    for (let directory = open.at(-1); directory; directory = open.at(-1)) {
      if (directory.next === directory.end) {
        this.#put(END);
        open.pop();
        if (open.length > 0) this.#put(END);
        continue;
      }
      const child = directory.next++;
      this.#put(ENTRY);
      this.#string(tree.name(child));
      this.#put(NODE);
      const isDirectory = tree.kind(child) === S_IFDIR;
      const writing = start(child);
      if (writing !== undefined) await writing;
      if (!isDirectory) this.#put(END);
    }
    this.#flush();
  }

  #writeLeaf(entry: number): Promise<void> | undefined {
    const tree = this.#tree;
    const kind = tree.kind(entry);
    if (kind === S_IFREG) return this.#writeFile(entry);
    if (kind !== S_IFLNK) {
      const path = showBytes(tree.path(entry));
      throw new ImageError("INPUT", `${path}: is neither a file, a directory nor a link, and Nix knows no others`, {
        path,
      });
    }
    this.#put(SYMLINK);
    this.#string(tree.target(entry));
    this.#put(END);
    return undefined;
  }

  async #writeFile(entry: number): Promise<void> {
    const tree = this.#tree;
    const size = tree.size.view[entry]!;
    this.#put((tree.mode.view[entry]! & OWNER_EXECUTES) !== 0 ? EXECUTABLE : REGULAR);
    this.#room(8);
    this.#used = emitLength(this.#window, this.#used, size);
    this.size += 8;
    // an empty file is looked at too: it must still be one
    for (let done = 0; ; ) {
      if (this.#used === WINDOW) this.#flush();
      const length = Math.min(size - done, WINDOW - this.#used);
      const isLast = done + length === size;
      const reading = this.#contents.read(entry, done, length, this.#window, this.#used, isLast);
      if (reading !== undefined) await reading;
      this.#used += length;
      this.size += length;
      done += length;
      const breathing = this.#breathe(length);
      if (breathing !== undefined) await breathing;
      if (isLast) break;
    }
    this.#pad(size);
    this.#put(END);
  }

  #string(bytes: Uint8Array): void {
    this.#room(8);
    this.#used = emitLength(this.#window, this.#used, bytes.length);
    this.size += 8;
    this.#put(bytes);
    this.#pad(bytes.length);
  }

  #pad(length: number): void {
    const padding = paddingOf(length);
    this.#room(padding);
    this.#window.fill(0, this.#used, this.#used + padding);
    this.#used += padding;
    this.size += padding;
  }

  #put(bytes: Uint8Array): void {
    this.#room(bytes.length);
    this.#window.set(bytes, this.#used);
    this.#used += bytes.length;
    this.size += bytes.length;
  }

  /** Room for a few bytes: none of them is longer than the window. */
  #room(length: number): void {
    if (this.#used + length > WINDOW) this.#flush();
  }

  #flush(): void {
    if (this.#used > 0) this.#take(this.#window.subarray(0, this.#used));
    this.#used = 0;
  }
}
