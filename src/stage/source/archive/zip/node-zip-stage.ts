/** Puts zip archives into a tree, and says what has to be unpacked. */
import { latin1FromBytes, showBytes } from "../../../../core/bytes.ts";
import { Column } from "../../../../core/column.ts";
import { ImageError } from "../../../../core/error.ts";
import { SpillFile } from "../../../../core/node/node-spill.ts";
import type { TemporaryFiles } from "../../../../core/node/node-temporary.ts";
import { showValue } from "../../../../core/options/checks.ts";
import { shareUint32 } from "../../../../core/shared.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import { S_IFDIR, S_IFREG, type Tree } from "../../../tree/tree.ts";
import { MemberTree } from "../member-tree.ts";
import { createRanges } from "../node-archive-contents.ts";
import { ArchiveFile, type ArchivePlace } from "../node-archive-file.ts";
import type { StagedRanges } from "../node-ranged-source.ts";
import { cutRows, type UnpackWork } from "./node-unpack.ts";
import { readData } from "./node-zip-data.ts";
import { isLink, readMembers, type ZipMember } from "./zip-members.ts";

/** An archive that has been given. */
export interface GivenZip {
  /** The path of a file, or bytes that come in order. */
  bytes: string | (() => AsyncIterable<Uint8Array>);
  /** What messages call it. */
  shownPath: string;
  /** It can be read only once. */
  isOnce: boolean;
}

/** What reading takes from a build. */
interface Reading {
  job: JobContext;
  temporary: TemporaryFiles;
}

/** Bytes of a link's target: more than any filesystem has. */
const MOST_TARGET = 65_535;
const MAX_MEMBERS = 2 ** 26;

/** Stages archives in order. */
export async function stageZips(
  given: readonly GivenZip[],
  tree: Tree,
  policy: StagePolicy,
  reading: Reading,
): Promise<StagedRanges> {
  const stage = new ZipStage(tree, policy, reading);
  for (const zip of given) await stage.add(zip);
  return stage.finish();
}

class ZipStage {
  readonly #tree: Tree;
  readonly #reading: Reading;
  readonly #members: MemberTree;
  readonly #places: ArchivePlace[] = [];
  /** The member that each entry is, from 1. */
  readonly #memberOf = Column.create(Uint32Array, MAX_MEMBERS);
  /** Of each member the archive, with the highest bit where it is compressed, and what is to be known of its data. */
  readonly #archives = Column.create(Uint32Array, MAX_MEMBERS);
  readonly #headerOffs = Column.create(Float64Array, MAX_MEMBERS);
  readonly #packedLens = Column.create(Float64Array, MAX_MEMBERS);
  readonly #crc32s = Column.create(Uint32Array, MAX_MEMBERS);
  #count = 0;

  constructor(tree: Tree, policy: StagePolicy, reading: Reading) {
    this.#tree = tree;
    this.#reading = reading;
    this.#members = new MemberTree(tree, policy, [this.#memberOf]);
  }

  async add({ bytes, shownPath }: GivenZip): Promise<void> {
    const place =
      typeof bytes === "string" ? ArchiveFile.placeOf(bytes, shownPath) : await this.#spool(bytes(), shownPath);
    this.#members.startArchive(shownPath);
    const file = new ArchiveFile(place);
    try {
      for await (const member of readMembers(file, shownPath)) {
        this.#addMember(file, member, shownPath);
        const breathing = this.#reading.job.breathe(1);
        if (breathing !== undefined) await breathing;
      }
      file.check();
    } finally {
      file.release();
    }
    this.#places.push(place);
  }

  /** Bytes that are in no file go into one: threads read at random. */
  async #spool(bytes: AsyncIterable<Uint8Array>, shownPath: string): Promise<ArchivePlace> {
    const { path, shownPath: spillName } = this.#reading.temporary.createHidden();
    const spill = new SpillFile(path, spillName);
    let size = 0;
    try {
      for await (const chunk of bytes) {
        if (!(chunk instanceof Uint8Array)) {
          throw new ImageError("INPUT", `${shownPath}: ${showValue(chunk)} is no part of an archive`, {
            path: shownPath,
          });
        }
        spill.writeAt(chunk, size);
        size += chunk.length;
      }
    } finally {
      spill.release();
    }
    return { path, shownPath, start: 0, size, stamp: undefined };
  }

  #addMember(file: ArchiveFile, member: ZipMember, shownPath: string): void {
    if (isLink(member)) member.target = this.#readTarget(file, member, shownPath);
    const entry = this.#members.add(member);
    if (member.kind !== S_IFREG) return;
    const number = this.#count++;
    this.#memberOf.view[entry] = number + 1;
    this.#archives.ensure(number + 1)[number] = (this.#places.length | (member.isDeflated ? DEFLATED : 0)) >>> 0;
    this.#headerOffs.ensure(number + 1)[number] = member.headerOff;
    this.#packedLens.ensure(number + 1)[number] = member.packedLen;
    this.#crc32s.ensure(number + 1)[number] = member.crc32;
  }

  #readTarget(file: ArchiveFile, member: ZipMember, path: string): string {
    const refuse = (why: string) => {
      const shown = showBytes(Uint8Array.from(member.path, (char) => char.charCodeAt(0)));
      return new ImageError("INPUT", `${path}: ${shown}: ${why}`, { path });
    };
    if (Math.max(member.size, member.packedLen) > MOST_TARGET) throw refuse("is longer than a link can be");
    return latin1FromBytes(readData(file, member, refuse));
  }

  finish(): StagedRanges {
    const tree = this.#tree;
    const xattrs = this.#members.finish();
    const files = this.#listFiles();
    const memberOf = this.#memberOf.view;
    const column = <A>(make: new (buffer: SharedArrayBuffer) => A & ArrayLike<number>, bytes: number) =>
      new make(new SharedArrayBuffer(bytes * files.length));
    const work = {
      entries: shareUint32(files),
      archives: column(Uint32Array, 4),
      headerOffs: column(Float64Array, 8),
      packedLens: column(Float64Array, 8),
      crc32s: column(Uint32Array, 4),
      spillOffs: column(Float64Array, 8),
    };
    const lens = new Float64Array(files.length);
    let spilled = 0;
    for (const [at, entry] of files.entries()) {
      const member = memberOf[entry]! - 1;
      const isDeflated = this.#archives.view[member]! >= DEFLATED;
      work.archives[at] = this.#archives.view[member]! % DEFLATED;
      work.headerOffs[at] = this.#headerOffs.view[member]!;
      work.packedLens[at] = this.#packedLens.view[member]!;
      work.crc32s[at] = this.#crc32s.view[member]!;
      work.spillOffs[at] = isDeflated ? spilled : -1;
      if (isDeflated) spilled += tree.size.view[entry]!;
      lens[at] = Math.max(tree.size.view[entry]!, work.packedLens[at]!);
    }
    const places = [
      ...this.#places,
      ...(spilled > 0 || work.spillOffs.some((off) => off >= 0) ? [this.#makeSpill(spilled)] : []),
    ];
    const ranges = { places, ...createRanges() };
    const unpack: UnpackWork = { tree: tree.share(), ranges, ...work, rows: shareUint32(cutRows(lens)) };
    return { ranges, xattrs, unpack: files.length > 0 ? unpack : undefined };
  }

  #makeSpill(size: number): ArchivePlace {
    return { ...this.#reading.temporary.createHidden(), start: 0, size, stamp: undefined };
  }

  /** The files of the tree, in the order in which their data lies in the archives. */
  #listFiles(): number[] {
    const tree = this.#tree;
    const files: number[] = [];
    const pending = [0];
    for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
      const first = tree.ref.view[folder]!;
      for (let child = first; child < first + tree.count.view[folder]!; child++) {
        if (tree.kind(child) === S_IFREG) files.push(child);
        else if (tree.kind(child) === S_IFDIR) pending.push(child);
      }
    }
    const memberOf = this.#memberOf.view;
    const place = (entry: number) => memberOf[entry]! - 1;
    const [archives, offsets] = [this.#archives.view, this.#headerOffs.view];
    return files.sort((a, b) => {
      const [first, second] = [place(a), place(b)];
      return (
        (archives[first]! % DEFLATED) - (archives[second]! % DEFLATED) || offsets[first]! - offsets[second]! || a - b
      );
    });
  }
}

/** In the column of archives: the member is compressed. */
const DEFLATED = 2 ** 31;
