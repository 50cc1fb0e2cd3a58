/** Runs are compared byte by byte, and made as long as their bytes are equal: hashes only said where to look. */
import { equalBytes } from "../../core/bytes.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import {
  RUN_AFTER,
  RUN_BEFORE,
  RUN_FIELDS,
  RUN_LENGTH,
  RUN_SOURCE,
  RUN_SOURCE_OFF,
  RUN_TARGET,
  RUN_TARGET_OFF,
} from "./runs.ts";

/** Runs that one thread takes at a time. */
const RUNS_OF_PIECE = 16;
/** Bytes that are compared at once. */
const STEP_BYTES = 1 << 18;
/** Bytes on either side of a run that are looked at together. */
const MARGIN_BYTES = 4096;

/** Runs to be compared; plain data in shared memory. */
export interface RunWork {
  /** Files in the order in which they are stored. */
  files: Uint32Array;
  /** Records of RUN_FIELDS. */
  runs: Float64Array;
}

/** How many pieces {@link verifyRuns} has. */
export function countVerifyPieces({ runs }: RunWork): number {
  return Math.ceil(runs.length / RUN_FIELDS / RUNS_OF_PIECE);
}

/**
 * Compares runs until none is left; run by every thread at once.
 *
 * @param targets and `sources` read the same files; two of them, as each keeps one open
 */
export async function verifyRuns(job: JobContext, work: RunWork, targets: Contents, sources: Contents): Promise<void> {
  const { files, runs } = work;
  const verifier = new RunVerifier(files, runs, targets, sources);
  const count = runs.length / RUN_FIELDS;
  for (const piece of job.pieces(countVerifyPieces(work))) {
    for (let run = piece * RUNS_OF_PIECE; run < Math.min(count, (piece + 1) * RUNS_OF_PIECE); run++) {
      await verifier.verify(run * RUN_FIELDS);
      await job.breathe(runs[run * RUN_FIELDS + RUN_LENGTH]!);
    }
  }
  targets.close();
  sources.close();
}

class RunVerifier {
  readonly #files: Uint32Array;
  readonly #runs: Float64Array;
  readonly #targets: Contents;
  readonly #sources: Contents;
  readonly #target = new Uint8Array(STEP_BYTES);
  readonly #source = new Uint8Array(STEP_BYTES);
  #at = 0;

  constructor(files: Uint32Array, runs: Float64Array, targets: Contents, sources: Contents) {
    this.#files = files;
    this.#runs = runs;
    this.#targets = targets;
    this.#sources = sources;
  }

  /** Compares the run whose record is at `at`. */
  async verify(at: number): Promise<void> {
    this.#at = at;
    const runs = this.#runs;
    const length = runs[at + RUN_LENGTH]!;
    for (let done = 0; done < length; done += STEP_BYTES) {
      const step = Math.min(STEP_BYTES, length - done);
      await this.#read(done, step);
      if (!equalBytes(this.#target.subarray(0, step), this.#source.subarray(0, step))) {
        runs[at + RUN_LENGTH] = 0;
        return;
      }
    }
    // within one file the source must not reach into the target
    const gap =
      runs[at + RUN_SOURCE] === runs[at + RUN_TARGET]
        ? runs[at + RUN_TARGET_OFF]! - runs[at + RUN_SOURCE_OFF]! - length
        : Number.POSITIVE_INFINITY;
    const after = await this.#extend(length, Math.min(runs[at + RUN_AFTER]!, gap));
    const before = await this.#extendBack(Math.min(runs[at + RUN_BEFORE]!, gap - after));
    runs[at + RUN_AFTER] = after;
    runs[at + RUN_BEFORE] = before;
  }

  /** Equal bytes from `from` on, up to `room`. */
  async #extend(from: number, room: number): Promise<number> {
    for (let done = 0; done < room; done += MARGIN_BYTES) {
      const step = Math.min(MARGIN_BYTES, room - done);
      await this.#read(from + done, step);
      for (let byte = 0; byte < step; byte++) if (this.#target[byte] !== this.#source[byte]) return done + byte;
    }
    return room;
  }

  /** Equal bytes in front of the run, up to `room`. */
  async #extendBack(room: number): Promise<number> {
    for (let done = 0; done < room; done += MARGIN_BYTES) {
      const step = Math.min(MARGIN_BYTES, room - done);
      await this.#read(-done - step, step);
      for (let byte = 1; byte <= step; byte++) {
        if (this.#target[step - byte] !== this.#source[step - byte]) return done + byte - 1;
      }
    }
    return room;
  }

  /** Reads `length` bytes of both ranges, from `from` behind their starts. */
  async #read(from: number, length: number): Promise<void> {
    const runs = this.#runs;
    const at = this.#at;
    const target = this.#files[runs[at + RUN_TARGET]!]!;
    const source = this.#files[runs[at + RUN_SOURCE]!]!;
    const reading = this.#targets.read(target, runs[at + RUN_TARGET_OFF]! + from, length, this.#target, 0, false);
    if (reading !== undefined) await reading;
    const again = this.#sources.read(source, runs[at + RUN_SOURCE_OFF]! + from, length, this.#source, 0, false);
    if (again !== undefined) await again;
  }
}
