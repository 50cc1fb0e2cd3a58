/** Sources whose entries lie in NARs: what is known of an archive before it is read. Plain data, for all threads. */
import type { TemporaryFiles } from "../../../../core/node/node-temporary.ts";
import type { JobContext } from "../../../../core/threads/threads.ts";
import type { StagePolicy } from "../../../tree/policy.ts";
import type { ArchiveCompression } from "../../archive/node-decompress.ts";
import type { Source } from "../../source.ts";
import type { KnownPath } from "../known-path.ts";

/** One archive. */
export interface NarArchive {
  /** The file that holds it. */
  path: string;
  /** What messages call it. */
  shownPath: string;
  compression: ArchiveCompression;
  /** Its bytes, once they are decompressed; undefined: all that the file holds. Needed where it is compressed. */
  narSize: number | undefined;
  /** The SHA-256 that it must have, as 64 hex digits; undefined: any. */
  narHash: string | undefined;
  /** Where a file that is not compressed may be read again by its path, it must be as it was; a file of the build's own is. */
  isOwn: boolean;
}

/** What archives are to be read. */
export interface ArchiveStart {
  archives: readonly NarArchive[];
  /** The names that they have in the image, latin1 strings in byte order, one for each; undefined: the only one is the root. */
  names: readonly string[] | undefined;
  /** What is known of the store paths in them. */
  known?: (() => Promise<readonly KnownPath[] | undefined>) | undefined;
}

/** A source of archives. */
export interface ArchiveSource extends Source {
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
  /** Finds the archives. @param temporary makes files that the build needs to its end */
  openArchives(policy: StagePolicy, job: JobContext, temporary: TemporaryFiles): Promise<ArchiveStart>;
}

/** Whether a source is an {@link ArchiveSource}. */
export function isArchive(source: Source): source is ArchiveSource {
  return "openArchives" in source;
}
