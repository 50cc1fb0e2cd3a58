/**
 * Files of less than a block that go behind their inodes as they are: most files of a tree. No codec sees them, so they are
 * read to where they wait for their inodes.
 */
import { roundUp } from "../../../core/bytes.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import type { Contents } from "../../../stage/tree/contents.ts";
import type { PieceOutput } from "../piece-output.ts";
import type { PartInput } from "./part-input.ts";

/** Whether a part is such a file, where nothing is looked for in it that others hold. */
export function isTail({ end, size, flatRoom }: PartInput): boolean {
  return end === "block" && size > 0 && size <= flatRoom;
}

/** Adds such a file to `out`, as a Squeezer would. */
export function storeTail(
  job: JobContext,
  part: PartInput,
  out: PieceOutput,
  contents: Contents,
  blockSize: number,
): void | Promise<void> {
  const { entry, size } = part;
  const { inline } = out;
  // one byte more, on which a read to the end may scribble
  const reading = contents.read(entry, 0, size, inline.reserve(size + 1), inline.length, true);
  if (reading !== undefined) return reading.then(() => endTail(job, part, out, blockSize));
  return endTail(job, part, out, blockSize);
}

function endTail(job: JobContext, part: PartInput, out: PieceOutput, blockSize: number): void | Promise<void> {
  const { entry, method, algorithm, size } = part;
  // extents may start anywhere, blocks of files without extents do not
  const start = roundUp(out.blocksUsed, blockSize);
  out.blocks.fill(0, out.blocksUsed, start);
  out.blocksUsed = start;
  const inlineAt = out.inline.length;
  out.inline.length += size;
  out.endPart({
    entry,
    method,
    algorithm,
    size,
    isFirst: true,
    isLast: true,
    isPacked: false,
    blocksAt: start,
    extentsAt: out.extents.length,
    inlineAt,
    fragmentAt: out.fragments.length,
  });
  return job.breathe(size);
}
