/**
 * Whether an image holds the entries of a tree: names, and what each is. What it holds of files is compared behind that, by
 * pairs of entries that are told here: see contents.ts.
 */
import { compareBytes, showBytes } from "../../core/bytes.ts";
import { isDirectoryMode, kindOfMode, S_IFBLK, S_IFCHR, S_IFLNK, S_IFMT, S_IFREG } from "../../core/mode.ts";
import type { ImageEntry, ImageInode, ImageReader, ImageXattr } from "../../inspect/reader.ts";
import type { Findings } from "../../inspect/verify/finding.ts";
import type { InodeOrder } from "../../stage/tree/order.ts";
import { encodeDevice, FLAG_LATE, type Tree } from "../../stage/tree/tree.ts";
import { orderSet, type Xattr } from "../../stage/tree/xattrs.ts";

/** What is not to be compared. */
export type Ignored = "mtime" | "ns" | "owner" | "mode" | "nlink" | "xattr";

/** What an image can be expected to hold of a tree. */
export interface CompareRules {
  readonly ignored: ReadonlySet<Ignored>;
  /** Times are whole seconds from 1970 to 2106, and there are no attributes but of three namespaces. */
  readonly isSquashfs: boolean;
  /** Attributes of this name are the image's own. */
  readonly ownXattr?: Uint8Array | undefined;
}

/** A tree that is expected to be there. */
export interface Expected {
  readonly tree: Tree;
  readonly inodes: InodeOrder;
  readonly xattrs: readonly (readonly Xattr[])[];
}

/** Files whose contents are still to be compared. */
export interface FilePair {
  readonly entry: number;
  readonly id: number;
}

/** The last time that SquashFS holds. */
const LAST_TIME = 0xffffffff;
/** Namespaces of attributes that SquashFS holds. */
const SQUASHFS_NAMES = /^(?:user|trusted|security)\./;

/**
 * Compares all entries; what differs is told, and what may not is given back.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together
 */
export function compareMetadata(
  reader: ImageReader,
  expected: Expected,
  rules: CompareRules,
  findings: Findings,
): Promise<FilePair[]> {
  return new Comparison(reader, expected, rules, findings).run();
}

class Comparison {
  readonly #reader: ImageReader;
  readonly #expected: Expected;
  readonly #rules: CompareRules;
  readonly #findings: Findings;
  readonly #files: FilePair[] = [];
  /** By the entry whose inode it is: the inode's number in the image; and the other way round. */
  readonly #idOf = new Map<number, number>();
  readonly #inodeOf = new Map<number, number>();

  constructor(reader: ImageReader, expected: Expected, rules: CompareRules, findings: Findings) {
    this.#reader = reader;
    this.#expected = expected;
    this.#rules = rules;
    this.#findings = findings;
  }

  async run(): Promise<FilePair[]> {
    const { rootId } = this.#reader;
    const pending = [{ entry: 0, id: rootId }];
    await this.#compareInode(0, rootId, await this.#reader.inode(rootId));
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      pending.push(...(await this.#compareNames(next.entry, next.id)));
    }
    return this.#files;
  }

  /** The names of a directory, which both have in their order; gives the directories in it. */
  async #compareNames(directory: number, id: number): Promise<FilePair[]> {
    const { tree } = this.#expected;
    const end = tree.ref.view[directory]! + tree.count.view[directory]!;
    let child = tree.ref.view[directory]!;
    const missingTo = (name: Uint8Array | undefined) => {
      while (child < end && (name === undefined || compareBytes(tree.name(child), name) < 0)) {
        this.#tell(child++, "is not in the image");
      }
    };
    const below: FilePair[] = [];
    for await (const entry of this.#reader.entries(await this.#reader.inode(id))) {
      missingTo(entry.name);
      if (child >= end || compareBytes(tree.name(child), entry.name) !== 0) this.#tellExtra(directory, entry);
      else if (await this.#compareInode(child, entry.id, await this.#reader.inode(entry.id))) {
        below.push({ entry: child++, id: entry.id });
      } else child++;
    }
    missingTo(undefined);
    return below;
  }

  /** Whether both are directories. */
  async #compareInode(entry: number, id: number, inode: ImageInode): Promise<boolean> {
    const { tree, inodes } = this.#expected;
    const original = inodes.inodeOf?.[entry] ?? entry;
    const kind = tree.kind(entry);
    if ((inode.mode & S_IFMT) !== kind) {
      this.#tell(entry, `is a ${kindOfMode(inode.mode)} in the image, and a ${kindOfMode(kind)} in the source`);
      return false;
    }
    const known = this.#idOf.get(original);
    if (known !== undefined || this.#inodeOf.has(id)) {
      if (known !== id || this.#inodeOf.get(id) !== original) this.#tellLinks(entry, known !== undefined);
      // it has been compared under its first name
      if (known === id) return isDirectoryMode(kind);
    }
    this.#idOf.set(original, id);
    this.#inodeOf.set(id, original);
    this.#compareFields(entry, original, inode);
    if (kind === S_IFLNK && compareBytes(await this.#reader.target(inode), tree.target(entry)) !== 0) {
      const target = showBytes(await this.#reader.target(inode));
      this.#tell(entry, `leads to ${target} in the image, and to ${showBytes(tree.target(entry))} in the source`);
    }
    if (!this.#rules.ignored.has("xattr")) await this.#compareXattrs(entry, inode);
    if (kind === S_IFREG && inode.size === tree.size.view[entry]) this.#files.push({ entry, id });
    return isDirectoryMode(kind);
  }

  #compareFields(entry: number, original: number, inode: ImageInode): void {
    const { tree, inodes } = this.#expected;
    const { ignored, isSquashfs } = this.#rules;
    const kind = tree.kind(entry);
    const check = (what: string, is: number, expected: number, base = 10) => {
      if (is === expected) return;
      this.#tell(entry, `${what} is ${is.toString(base)} in the image, and ${expected.toString(base)} in the source`);
    };
    if (!ignored.has("mode")) check("its mode", inode.mode & ~S_IFMT, tree.mode.view[entry]! & ~S_IFMT, 8);
    if (!ignored.has("owner")) {
      check("its uid", inode.uid, tree.uid.view[entry]!);
      check("its gid", inode.gid, tree.gid.view[entry]!);
    }
    if (!ignored.has("nlink")) check("its link count", inode.nlink, inodes.nlink[original]!);
    // of what was made for the image so far only the name is known
    const isLate = (tree.flags.view[entry]! & FLAG_LATE) !== 0;
    if (kind === S_IFREG && !isLate) check("its size", inode.size, tree.size.view[entry]!);
    if (kind === S_IFCHR || kind === S_IFBLK) {
      const { major, minor } = this.#reader.device(inode);
      check("its device number", encodeDevice(major, minor, ""), tree.ref.view[entry]!);
    }
    if (ignored.has("mtime")) return;
    const [sec, nsec] = [tree.mtime.view[entry]!, tree.mtimeNsec.view[entry]!];
    check("its time", inode.mtime, isSquashfs ? Math.min(Math.max(sec, 0), LAST_TIME) : sec);
    if (!ignored.has("ns") && !isSquashfs) check("the fraction of its time in nanoseconds", inode.mtimeNsec, nsec);
  }

  async #compareXattrs(entry: number, inode: ImageInode): Promise<void> {
    const { tree, xattrs } = this.#expected;
    const { ownXattr, isSquashfs } = this.#rules;
    const isHeld = ({ name }: ImageXattr) => !isSquashfs || SQUASHFS_NAMES.test(showBytes(name));
    const isOwn = ({ name }: ImageXattr) => ownXattr !== undefined && compareBytes(name, ownXattr) === 0;
    const wanted = sortSet((xattrs[tree.xattrs.view[entry]!] ?? []).filter(isHeld));
    const found = sortSet((await this.#reader.xattrs(inode)).filter((xattr) => !isOwn(xattr)));
    const names = new Set([...wanted, ...found].map(({ name }) => showBytes(name)));
    for (const name of names) {
      const [is, expected] = [found, wanted].map((set) => set.find((each) => showBytes(each.name) === name));
      if (is === undefined) this.#tell(entry, `its attribute ${name} is not in the image`);
      else if (expected === undefined) this.#tell(entry, `its attribute ${name} is not in the source`);
      else if (compareBytes(is.value, expected.value) !== 0) {
        this.#tell(entry, `its attribute ${name} has another value in the image`);
      }
    }
  }

  #tellLinks(entry: number, isLinked: boolean): void {
    if (this.#rules.ignored.has("nlink")) return;
    const why = isLinked
      ? "is not the file in the image that it is one with in the source"
      : "is one with another file in the image, and not in the source";
    this.#tell(entry, why);
  }

  #tell(entry: number, message: string): void {
    this.#findings.add({ path: `/${showBytes(this.#expected.tree.path(entry))}`, message });
  }

  #tellExtra(directory: number, { name }: ImageEntry): void {
    const path = showBytes(this.#expected.tree.path(directory));
    this.#findings.add({
      path: `${path === "" ? "" : `/${path}`}/${showBytes(name)}`,
      message: "is not in the source",
    });
  }
}

function sortSet(set: readonly ImageXattr[]): ImageXattr[] {
  return orderSet(
    set.map((xattr) => ({ ...xattr, fullName: xattr.name })),
    "",
  );
}
