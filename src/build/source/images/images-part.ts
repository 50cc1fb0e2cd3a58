/** EROFS images, read into a tree one over the other: later ones take the place of earlier ones. */
import { compareBytes, latin1FromBytes } from "../../../core/bytes.ts";
import { Column } from "../../../core/column.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import { LAYOUT_CHUNK } from "../../../erofs/disk/format.ts";
import { type ErofsInode, isDirectory } from "../../../inspect/erofs/inode.ts";
import type { ErofsReader } from "../../../inspect/erofs/reader.ts";
import type { ImageXattr } from "../../../inspect/reader.ts";
import { walkImage } from "../../../inspect/walk.ts";
import { type Member, MemberTree } from "../../../stage/source/archive/member-tree.ts";
import { createRanges } from "../../../stage/source/archive/node-archive-contents.ts";
import { ArchiveFile } from "../../../stage/source/archive/node-archive-file.ts";
import { isWhiteout, OPAQUE_NAME, OPAQUE_XATTR } from "../../../stage/source/overlay.ts";
import type { StagePolicy } from "../../../stage/tree/policy.ts";
import { FLAG_SPARSE, NONE, S_IFDIR, S_IFLNK, S_IFMT, Tree } from "../../../stage/tree/tree.ts";
import type { OpenPart, SourceHost, Staged } from "../part.ts";
import type { ImagesSource } from "./images-source.ts";
import { OpenImage } from "./open-image.ts";

/** Opens a source of images. */
export async function openImages(source: ImagesSource, host: SourceHost): Promise<OpenPart> {
  const tree = Tree.create();
  const policy = host.policyOf(source);
  const stage = () => host.here((job) => new ImagesStage(tree, policy, job).run(source.paths()));
  return { tree, start: undefined, excluded: 0, stage, stores: [] };
}

class ImagesStage {
  readonly #tree: Tree;
  readonly #policy: StagePolicy;
  readonly #job: JobContext;
  readonly #imageOf: Column<Uint32Array>;
  readonly #nids: Column<Float64Array>;
  readonly #members: MemberTree;
  /** Directories that hide what is below them, as far as they are in the tree. */
  readonly #opaque = new Set<number>();

  constructor(tree: Tree, policy: StagePolicy, job: JobContext) {
    this.#tree = tree;
    this.#policy = policy;
    this.#job = job;
    const { placeOf, offsets } = createRanges();
    this.#imageOf = new Column(Uint32Array, placeOf);
    this.#nids = new Column(Float64Array, offsets);
    this.#members = new MemberTree(tree, policy, [this.#imageOf, this.#nids]);
  }

  async run(paths: readonly string[]): Promise<Staged> {
    const places = paths.map((path) => ArchiveFile.placeOf(path, path));
    for (const [number, place] of places.entries()) {
      const image = await OpenImage.open(place);
      try {
        this.#members.startArchive(place.shownPath);
        await image.use((reader) => this.#add(reader, number));
        image.file.check();
      } finally {
        image.file.release();
      }
    }
    const strips = this.#policy.overlay === "strip";
    const xattrs = this.#members.finish(strips ? (entry) => isWhiteout(this.#tree, entry) : undefined);
    const images = { places, imageOf: this.#imageOf.buffer, nids: this.#nids.buffer };
    return { tree: this.#tree, contents: { kind: "images", images }, xattrs, excluded: 0 };
  }

  /** Adds all that an image holds, directories before what is in them. */
  async #add(reader: ErofsReader, number: number): Promise<void> {
    /** The first names of files that have several. */
    const named = new Map<number, string>();
    for await (const { path, id, inode } of walkImage(reader)) {
      if (id === reader.rootId) {
        if (!isDirectory(inode)) throw inode.space.damaged(inode.at, "the root is no directory");
        this.#members.add(await this.#describe(reader, inode, ""));
        continue;
      }
      const entry = this.#put(await this.#member(reader, inode, path, named));
      // its holes are to be looked for when it is copied
      if (inode.layout === LAYOUT_CHUNK) this.#tree.flags.view[entry] = FLAG_SPARSE;
      this.#imageOf.view[entry] = number;
      this.#nids.view[entry] = id;
      const breathing = this.#job.breathe(1);
      if (breathing !== undefined) await breathing;
    }
  }

  /** Adds a member. A directory hides what one of an image before hides that it is joined with, or that a whiteout does. */
  #put(member: Member): number {
    if (member.kind !== S_IFDIR) return this.#members.add(member);
    const before = this.#members.find(member.path);
    const hides = before !== NONE && (isWhiteout(this.#tree, before) || this.#opaque.has(before));
    const entry = this.#members.add(member);
    if (hides || member.isOpaque) this.#opaque.add(entry);
    if (hides && this.#policy.overlay !== "strip") this.#members.addXattr(entry, OPAQUE_XATTR);
    return entry;
  }

  async #member(reader: ErofsReader, inode: ErofsInode, path: string, named: Map<number, string>): Promise<Member> {
    const member = await this.#describe(reader, inode, path);
    if (inode.nlink < 2 || isDirectory(inode)) return member;
    const first = named.get(inode.nid);
    if (first !== undefined) return { ...member, kind: 0, target: first };
    named.set(inode.nid, path);
    return member;
  }

  async #describe(reader: ErofsReader, inode: ErofsInode, path: string): Promise<Member> {
    const { mode, uid, gid, mtime, mtimeNsec, size } = inode;
    const kind = mode & S_IFMT;
    const xattrs = await reader.xattrs(inode);
    const target = kind === S_IFLNK ? latin1FromBytes(await reader.target(inode)) : undefined;
    return {
      ...{ path, kind, mode: mode & 0o7777, uid, gid, mtime, mtimeNsec, size, target },
      ...reader.device(inode),
      xattrs: this.#policy.overlay === "strip" ? xattrs.filter((each) => !isMark(each)) : xattrs,
      isOpaque: xattrs.some((each) => isMark(each) && compareBytes(each.value, OPAQUE_XATTR.value) === 0),
    };
  }
}

function isMark({ name }: ImageXattr): boolean {
  return latin1FromBytes(name) === OPAQUE_NAME;
}
