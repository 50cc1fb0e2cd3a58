/** Reads NARs into a tree, as many threads at once as there are archives: each takes the next, the longest first. */
import { createHash } from "node:crypto";
import { ImageError } from "../../../../core/error.ts";
import { SpillFile } from "../../../../core/node/node-spill.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import { S_IFDIR, type SharedTree, Tree } from "../../../tree/tree.ts";
import { type ArchiveRanges, RangeNotes } from "../../archive/node-archive-contents.ts";
import { ArchiveFile, type ArchivePlace } from "../../archive/node-archive-file.ts";
import { decompressArchive } from "../../archive/node-decompress.ts";
import { NarInput } from "./nar-input.ts";
import { readNar } from "./nar-reader.ts";
import { NarStager } from "./nar-tree.ts";
import type { NarArchive } from "./node-archive-source.ts";

/** What is to be read: plain data. */
export interface ArchiveWork {
  tree: SharedTree;
  policy: StagePolicy;
  archives: readonly NarArchive[];
  /** Numbers of the archives, in the order in which they are taken. */
  order: Uint32Array;
  /** The only archive is the root; else archive k is entry k + 1. */
  isRoot: boolean;
  ranges: ArchiveRanges;
}

/** Reads archives until none is left; run by every thread at once. */
export async function readArchives(job: JobContext, work: ArchiveWork): Promise<void> {
  const tree = Tree.attach(work.tree);
  const notes = new RangeNotes(work.ranges);
  let number = 0;
  const stager = new NarStager(tree, work.policy, (entry, offset) => notes.note(entry, number, offset));
  for (const piece of job.pieces(work.order.length)) {
    number = work.order[piece]!;
    const archive = work.archives[number]!;
    const place = work.ranges.places[number]!;
    if (archive.compression !== "none") await unpack(job, archive, place);
    await readArchive(job, stager, tree, archive, place, work.isRoot ? 0 : number + 1);
  }
}

async function unpack(job: JobContext, archive: NarArchive, place: ArchivePlace): Promise<void> {
  const spill = new SpillFile(place.path, place.shownPath);
  try {
    await decompressArchive({ ...archive, size: archive.narSize }, spill, place.start, () => job.breathe());
  } finally {
    spill.release();
  }
}

async function readArchive(
  job: JobContext,
  stager: NarStager,
  tree: Tree,
  { shownPath, narHash, narSize }: NarArchive,
  place: ArchivePlace,
  entry: number,
): Promise<void> {
  const refuse = (why: string) => new ImageError("INPUT", `${shownPath}: ${why}`, { path: shownPath });
  if (narSize !== undefined && place.size !== narSize) throw refuse(`has ${place.size} bytes and not ${narSize}`);
  const file = new ArchiveFile(place);
  try {
    const hash = narHash === undefined ? undefined : createHash("sha256");
    const input = new NarInput(file, shownPath, hash && ((bytes) => hash.update(bytes)));
    const nodes = await readNar(input, (bytes) => {
      if (hash) job.countRead(bytes);
      return job.breathe();
    });
    file.check();
    const found = hash?.digest("hex");
    if (found !== narHash) throw refuse(`has the SHA-256 ${found} and not ${narHash}`);
    if (entry === 0 && (nodes[0]!.mode & S_IFDIR) !== S_IFDIR) {
      throw refuse("holds a single file or link, which cannot be the root of an image");
    }
    tree.ensureAll();
    stager.stage(nodes, entry, shownPath);
    job.advance(nodes.length);
  } finally {
    file.release();
  }
}
