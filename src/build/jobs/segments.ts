/** The jobs of plain EROFS images. */
import { type Job, threadsFor } from "../../core/threads.ts";
import { makeSegments, type SegmentWork } from "../../erofs/segments/make-segments.ts";
import { type SharedTree, Tree } from "../../stage/tree/tree.ts";
import { type ClosureWork, makeClosureSegments } from "../closure-segments.ts";
import { type JobInput, openInput } from "../contents.ts";
import { openImage, type SharedTarget } from "../target.ts";

/** Makes the segments of a tree. */
export const segments: Job<JobInput & { work: SegmentWork; target: SharedTarget }> = {
  threads: ({ work }) =>
    Math.min(
      work.packing.lines.length,
      work.starts.length - 1,
      threadsFor({ bytes: work.bytes, entries: work.order.length }),
    ),
  async run(job, { work, target, ...input }) {
    const { tree, contents } = await openInput(job, input);
    await makeSegments(job, tree, work, contents, openImage(job, target));
  },
};

/** Makes the segments of a closure that has not been listed. */
export const closure: Job<{ tree: SharedTree; work: ClosureWork; target: SharedTarget }> = {
  threads: ({ work }) =>
    Math.min(work.packing.lines.length, work.groups.length - 1, threadsFor({ tops: work.paths.from.length })),
  async run(job, { tree, work, target }) {
    await makeClosureSegments(job, Tree.attach(tree), work, openImage(job, target));
  },
};
