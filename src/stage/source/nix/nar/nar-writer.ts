/** Writes what lies at an entry of a tree as a NAR: see nar-format.ts. Where the bytes go is the caller's affair. */
import { showBytes } from "../../../../core/bytes.ts";
import { ImageError } from "../../../../core/error.ts";
import type { Contents } from "../../../tree/contents.ts";
import { NONE, S_IFDIR, S_IFLNK, S_IFREG, type Tree } from "../../../tree/tree.ts";
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

/** What is in memory already of a file, if that is all of it. */
export type HeldOf = (file: number) => readonly Uint8Array[] | undefined;

/** Bytes of a file from which on they are passed on as they lie in memory: gathering them would take longer. */
const LARGE = 16 * 1024;

/** Takes the archive's bytes in order; they may be reused as soon as it returns. */
export type TakeBytes = (bytes: Uint8Array) => void;

function startOfFile(tree: Tree, entry: number): Uint8Array {
  return (tree.mode.view[entry]! & OWNER_EXECUTES) !== 0 ? EXECUTABLE : REGULAR;
}

function checkLink(tree: Tree, entry: number): void {
  if (tree.kind(entry) === S_IFLNK) return;
  const path = showBytes(tree.path(entry));
  throw new ImageError("INPUT", `${path}: is neither a file, a directory nor a link, and Nix knows no others`, {
    path,
  });
}

/** A directory that is being written. */
interface Open {
  next: number;
  end: number;
}

const isAlwaysReady = () => true;

/** Writes archives, one after another. */
export class NarWriter {
  readonly #tree: Tree;
  readonly #contents: Contents;
  readonly #take: TakeBytes;
  readonly #breathe: (bytes: number) => Promise<void> | undefined;
  readonly #heldOf: HeldOf | undefined;
  readonly #window = new Uint8Array(WINDOW + SLACK);
  #used = 0;
  /** What the archive is of, until it comes to that; then NONE. */
  #root = NONE;
  readonly #open: Open[] = [];
  /** Bytes of the archive so far. */
  size = 0;

  /**
   * @param breathe is called now and then with the bytes that have been read since: see JobContext
   * @param heldOf what need not be read
   */
  constructor(
    tree: Tree,
    contents: Contents,
    take: TakeBytes,
    breathe: (bytes: number) => Promise<void> | undefined,
    heldOf?: HeldOf,
  ) {
    this.#tree = tree;
    this.#contents = contents;
    this.#take = take;
    this.#breathe = breathe;
    this.#heldOf = heldOf;
  }

  /** Writes what lies at `entry`. Throws `INPUT` for what an archive cannot hold, and whatever reading throws. */
  async write(entry: number): Promise<void> {
    this.start(entry);
    await this.advance();
  }

  /** Starts with what lies at `entry`, whatever became of what was before. */
  start(entry: number): void {
    this.size = 0;
    this.#used = 0;
    this.#open.length = 0;
    this.#root = entry;
    this.#put(MAGIC);
  }

  /**
   * Writes on, to the end, or up to an entry of which `isReady` says that not all is known of it yet: of a directory its
   * names, else what it holds. Returns whether all has been written, and throws as {@link write} does.
   */
  async advance(isReady: (entry: number) => boolean = isAlwaysReady): Promise<boolean> {
    if (this.#root !== NONE) {
      if (!isReady(this.#root)) return false;
      const writing = this.#writeNode(this.#root);
      if (writing !== undefined) await writing;
      this.#root = NONE;
    }
    for (let directory = this.#open.at(-1); directory; directory = this.#open.at(-1)) {
      if (directory.next === directory.end) {
        this.#put(END);
        this.#open.pop();
        if (this.#open.length > 0) this.#put(END);
        continue;
      }
      const child = directory.next;
      if (!isReady(child)) return false;
      directory.next++;
      this.#put(ENTRY);
      this.#string(this.#tree.name(child));
      this.#put(NODE);
      const isDirectory = this.#tree.kind(child) === S_IFDIR;
      const writing = this.#writeNode(child);
      if (writing !== undefined) await writing;
      if (!isDirectory) this.#put(END);
    }
    this.#flush();
    return true;
  }

  /** Writes a node, of a directory only its start. */
  #writeNode(entry: number): Promise<void> | undefined {
    const tree = this.#tree;
    const kind = tree.kind(entry);
    if (kind === S_IFREG) return this.#writeFile(entry);
    if (kind === S_IFDIR) {
      this.#put(DIRECTORY);
      const first = tree.ref.view[entry]!;
      this.#open.push({ next: first, end: first + tree.count.view[entry]! });
      return undefined;
    }
    checkLink(tree, entry);
    this.#put(SYMLINK);
    this.#string(tree.target(entry));
    this.#put(END);
    return undefined;
  }

  #writeFile(entry: number): Promise<void> | undefined {
    const tree = this.#tree;
    const size = tree.size.view[entry]!;
    this.#put(startOfFile(tree, entry));
    this.#room(8);
    this.#used = emitLength(this.#window, this.#used, size);
    this.size += 8;
    const held = this.#heldOf?.(entry);
    if (held === undefined) return this.#readFile(entry, size);
    for (const part of held) {
      if (size < LARGE) this.#put(part);
      else this.#pass(part);
    }
    this.#pad(size);
    this.#put(END);
    return undefined;
  }

  async #readFile(entry: number, size: number): Promise<void> {
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

  #pass(bytes: Uint8Array): void {
    this.#flush();
    this.#take(bytes);
    this.size += bytes.length;
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
