/**
 * Reads the paths of a closure one after another, each file once: what an entry is becomes known when it is reached, and
 * a regular file is open then for the read that follows. Kinds come with the names of a directory, so that no file is
 * asked for by its path before it is opened. Entries come in the order in which segments have them: of each directory
 * first what is no directory, then its directories with all that is in them, then the directory itself.
 */
import { lstatSync } from "node:fs";
import { latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError } from "../../../core/node/node-errors.ts";
import { blankMetadata, type StagePolicy, stageMetadata } from "../../tree/policy.ts";
import {
  FLAG_DISK_NAME,
  FLAG_DISK_PATH,
  FLAG_LATE,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  type Tree,
} from "../../tree/tree.ts";
import { stripCaseHack } from "./case-hack.ts";
import { FileContents } from "./node-files.ts";
import { DirectoryLister, MAX_DISK_NAME } from "./node-lister.ts";
import { noPaths, withShortDirectory, withShortPath } from "./node-paths.ts";
import { EntryStager } from "./node-stager.ts";
import { askTop } from "./node-tops.ts";

const SLASH = 0x2f;

/** A directory that is being read. */
interface OpenDirectory {
  entry: number;
  /** Bytes of its path in the buffer. */
  pathLength: number;
  end: number;
  /** Next children to be looked at: for what is no directory, and for directories. */
  file: number;
  directory: number;
  /** Directories among them. */
  subdirectories: number;
}

const CLOSED: OpenDirectory = { entry: 0, pathLength: 0, end: 0, file: 0, directory: 0, subdirectories: 0 };

/** One thread's reader. Nobody else adds to its tree, which is emptied now and then. */
export class ClosureReader {
  readonly tree: Tree;
  readonly contents: FileContents;
  readonly #policy: StagePolicy;
  readonly #lister: DirectoryLister;
  readonly #stager: EntryStager;
  readonly #open: OpenDirectory[] = [];
  #depth = 0;
  #path = Buffer.allocUnsafeSlow(8192);
  /** A top that is no directory, and has not been given out; or -1. */
  #single = -1;
  /** Bytes of its path; 0: it has none. */
  #singleLength = 0;
  #device = 0;
  /** Directories in the directory that {@link next} has given last. */
  subdirectories = 0;

  /** @param tree without entries */
  constructor(tree: Tree, policy: StagePolicy) {
    this.tree = tree;
    this.#policy = policy;
    this.contents = new FileContents(tree, noPaths());
    this.#lister = new DirectoryLister(this.tree, policy);
    this.#stager = new EntryStager(this.tree, policy, false, () => ({ link: this.#path, root: undefined }));
    this.#addRoot();
  }

  /** Forgets all entries. */
  clear(): void {
    this.contents.close();
    this.contents.forget();
    this.tree.clear();
    this.#addRoot();
  }

  /** Lets go of what is open. */
  release(): void {
    this.contents.release();
  }

  #addRoot(): void {
    this.tree.allocate(1);
    this.tree.mode.view[0] = S_IFDIR | 0o755;
  }

  /** Starts with a path of the closure; returns its entry. */
  openTop(path: Uint8Array): number {
    const { tree } = this;
    const entry = tree.allocate(1);
    const name = latin1FromBytes(path, path.lastIndexOf(SLASH) + 1);
    const shown = this.#policy.caseHack ? stripCaseHack(name) : name;
    const at = tree.allocateName(shown.length + path.length + 1);
    const { names } = tree;
    for (let i = 0; i < shown.length; i++) names.view[at + i] = shown.charCodeAt(i);
    names.view.set(path, at + shown.length);
    names.view[at + shown.length + path.length] = 0;
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = shown.length;
    tree.flags.view[entry] = FLAG_DISK_PATH;
    this.#room(path.length);
    this.#path.set(path, 0);
    const stats = askTop(path);
    this.#device = stats.dev;
    // a special file has nothing that would be asked for later
    this.#stager.store(entry, stats, this.#path.subarray(0, path.length));
    if ((stats.mode & S_IFMT) === S_IFDIR) this.#openDirectory(entry, path.length);
    else {
      this.#single = entry;
      this.#singleLength = path.length;
    }
    return entry;
  }

  /** Starts with a file that is none on disk, and of which only the name is known; returns its entry, which comes next. */
  openLate(name: Uint8Array): number {
    const { tree } = this;
    const entry = tree.allocate(1);
    const at = tree.allocateName(name.length);
    tree.names.view.set(name, at);
    tree.nameOff.view[entry] = at;
    tree.nameLen.view[entry] = name.length;
    tree.flags.view[entry] = FLAG_LATE;
    tree.mode.view[entry] = S_IFREG | 0o444;
    stageMetadata(tree, this.#policy, entry, blankMetadata());
    this.#single = entry;
    this.#singleLength = 0;
    return entry;
  }

  /** Stages the next entry of the path; -1 when there is none. */
  next(): number {
    if (this.#single >= 0) {
      const entry = this.#single;
      this.#single = -1;
      if (this.#singleLength > 0) this.#stage(entry, this.#singleLength);
      return entry;
    }
    while (this.#depth > 0) {
      const open = this.#open[this.#depth - 1]!;
      while (open.file < open.end && this.tree.kind(open.file) === S_IFDIR) open.file++;
      if (open.file < open.end) {
        this.#stage(open.file, this.#appendName(open.file, open.pathLength));
        return open.file++;
      }
      while (open.directory < open.end && this.tree.kind(open.directory) !== S_IFDIR) open.directory++;
      if (open.directory === open.end) return this.#close(open);
      const child = open.directory++;
      this.#openDirectory(child, this.#appendName(child, open.pathLength));
    }
    return -1;
  }

  #close({ entry, subdirectories }: OpenDirectory): number {
    this.#depth--;
    this.subdirectories = subdirectories;
    return entry;
  }

  /** Lists a directory and stages it; its path stands in the buffer. */
  #openDirectory(entry: number, pathLength: number): void {
    const { tree } = this;
    const path = this.#path.subarray(0, pathLength);
    const first = tree.length;
    let count = 0;
    let subdirectories = 0;
    try {
      // another filesystem than the top's is an empty directory
      const isPruned =
        this.#policy.oneFileSystem && withShortPath(path, (short) => lstatSync(short)).dev !== this.#device;
      if (!isPruned) {
        withShortDirectory(path, (short) => {
          this.#lister.listKinds(entry, short);
          count = this.#lister.names.length;
          subdirectories = this.#addChildren(entry, short);
        });
      }
      // only now: listing follows a symbolic link that has taken the directory's place
      const stats = withShortPath(this.#path.subarray(0, pathLength), (short) => lstatSync(short));
      if ((stats.mode & S_IFMT) !== S_IFDIR) {
        const shown = showBytes(this.#path.subarray(0, pathLength));
        throw new ImageError("CHANGED", `${shown}: became something else while it was packed`, { path: shown });
      }
      this.#stager.store(entry, stats, this.#path.subarray(0, pathLength));
    } catch (cause) {
      throw sourceError(this.#path.subarray(0, pathLength), cause);
    }
    tree.ref.view[entry] = first;
    tree.count.view[entry] = count;
    const open = this.#open[this.#depth++] ?? this.#open[this.#open.push({ ...CLOSED }) - 1]!;
    open.entry = entry;
    open.pathLength = pathLength;
    open.file = first;
    open.directory = first;
    open.end = first + count;
    open.subdirectories = subdirectories;
  }

  /** Gives the names that have been listed their entries; returns how many are directories. */
  #addChildren(directory: number, path: Buffer): number {
    const { tree } = this;
    const { names } = this.#lister;
    const first = tree.allocate(names.length);
    let subdirectories = 0;
    for (let index = 0; index < names.length; index++) {
      const entry = first + index;
      tree.parent.view[entry] = directory;
      names.store(index, entry);
      const kind = names.kind(index);
      if (kind !== 0) tree.mode.view[entry] = kind;
      else this.#ask(index, entry, path);
      if (tree.kind(entry) === S_IFDIR) subdirectories++;
    }
    return subdirectories;
  }

  /** Asks for an entry whose name does not say what it is. */
  #ask(index: number, entry: number, directory: Buffer): void {
    const path = Buffer.alloc(directory.length + 1 + MAX_DISK_NAME);
    const at = directory.copy(path);
    path[at] = SLASH;
    const whole = path.subarray(0, this.#lister.names.copy(index, path, at + 1));
    this.#stager.store(entry, lstatSync(whole), whole);
  }

  readonly #openFile = (path: Buffer, entry: number) => this.contents.openNew(entry, path, this.#stager);

  /** Stages what is no directory; its path stands in the buffer. */
  #stage(entry: number, pathLength: number): void {
    const path = this.#path.subarray(0, pathLength);
    const kind = this.tree.kind(entry);
    if (kind === S_IFREG) {
      withShortPath(path, this.#openFile, entry);
      return;
    }
    try {
      if (kind === S_IFLNK) withShortPath(path, (short) => this.#stager.storeLink(entry, short));
    } catch (cause) {
      throw sourceError(path, cause);
    }
  }

  /** Writes the name of an entry behind the path of its directory; returns where it ends. */
  #appendName(entry: number, directoryLength: number): number {
    const { nameOff, nameLen, flags, names } = this.tree;
    const from = nameOff.view[entry]!;
    let to = from + nameLen.view[entry]!;
    if ((flags.view[entry]! & FLAG_DISK_NAME) !== 0) while (names.view[to] !== 0) to++;
    this.#room(directoryLength + 1 + to - from);
    let at = directoryLength;
    if (this.#path[at - 1] !== SLASH) this.#path[at++] = SLASH;
    for (let i = from; i < to; i++) this.#path[at++] = names.view[i]!;
    return at;
  }

  #room(length: number): void {
    if (length <= this.#path.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * length);
    larger.set(this.#path);
    this.#path = larger;
  }
}
