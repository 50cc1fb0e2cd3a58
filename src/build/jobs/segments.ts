/** The jobs of plain EROFS images. */
import { type Job, threadsFor } from "../../core/threads/threads.ts";
import { countPieces, makeSegments, type SegmentWork } from "../../erofs/segments/make-segments.ts";
import type { HashWork } from "../../stage/source/nix/nar/node-hash-paths.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import { type SharedTree, Tree } from "../../stage/tree/tree.ts";
import { type ClosureWork, makeClosureSegments } from "../closure-segments.ts";
import { type JobInput, openInput } from "../contents.ts";
import { openImage, type SharedTarget } from "../target/target.ts";
import { openFingerprinter } from "./fingerprinting.ts";

/** Makes the segments of a tree, and hashes the store paths in it where that is asked for. */
export const segments: Job<
  JobInput & {
    work: SegmentWork;
    /** The paths that are to be hashed, and which of them are in several pieces. */
    hash?: { work: HashWork; cut: ReadonlySet<number> | undefined } | undefined;
    target: SharedTarget;
  }
> = {
  threads: ({ work }) =>
    Math.min(
      work.packing.lines.length,
      countPieces(work),
      threadsFor({ bytes: work.bytes, entries: work.order.length }),
    ),
  async run(job, { work, hash, target, ...input }) {
    const { tree, contents } = await openInput(job, input);
    const hasher = hash && new (await import("./node-segment-hasher.ts")).SegmentHasher(job, tree, contents, hash.work);
    hash?.work.entries.forEach((entry, piece) => {
      hasher!.expect(entry, piece, hash.cut?.has(entry));
    });
    const fingerprinter = await openFingerprinter(job, tree, contents, work.xattrs.fingerprints);
    const readers = { follower: hasher, fingerprinter };
    await makeSegments(job, tree, work, fingerprinter ?? contents, openImage(job, target), readers);
  },
};

/** Makes the segments of a closure that has not been listed, and hashes its paths where that is asked for. */
export const closure: Job<{ tree: SharedTree; work: ClosureWork; target: SharedTarget }> = {
  threads: ({ work }) =>
    Math.min(work.packing.lines.length, work.groups.length - 1, threadsFor({ tops: work.paths.from.length })),
  async run(job, { tree, work, target }) {
    const { hash } = work;
    const Hasher = hash && (await import("./node-segment-hasher.ts")).SegmentHasher;
    const hasherOf = (line: Tree, contents: Contents) => Hasher && new Hasher(job, line, contents, hash.work);
    await makeClosureSegments(job, Tree.attach(tree), work, openImage(job, target), hasherOf);
  },
};
