/** Digests of files, where an image is to have fingerprints. */
import type { JobContext } from "../../core/threads/threads.ts";
import type { Fingerprints } from "../../erofs/disk/fingerprint.ts";
import type { Contents } from "../../stage/tree/contents.ts";
import type { Tree } from "../../stage/tree/tree.ts";
import type { HashingContents } from "./node-fingerprinter.ts";

/** Has contents hashed as a thread reads them; undefined where no digests are wanted. */
export async function openFingerprinter(
  job: JobContext,
  tree: Tree,
  contents: Contents,
  fingerprints: Fingerprints | undefined,
): Promise<HashingContents | undefined> {
  if (fingerprints === undefined) return undefined;
  const { HashingContents: Opened } = await import("./node-fingerprinter.ts");
  return new Opened(job, tree, contents, fingerprints);
}
