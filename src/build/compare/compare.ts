/** Compares a finished image with a tree, whoever has made either: metadata first, then the contents of files by all threads. */
import { showBytes } from "../../core/bytes.ts";
import { shareFloat64, shareUint32 } from "../../core/shared.ts";
import { readerOf } from "../../inspect/open-image.ts";
import { Findings } from "../../inspect/verify/finding.ts";
import { orderInodes } from "../../stage/tree/order.ts";
import { FLAG_LATE } from "../../stage/tree/tree.ts";
import type { MatchWork } from "../jobs/look/match.ts";
import { type ImagePlace, withPlace } from "../look/image-place.ts";
import type { Staged } from "../source/part.ts";
import { type CompareRules, compareMetadata, type FilePair } from "./metadata.ts";

/** Runs the job that compares contents. */
export type RunMatch = (work: MatchWork) => Promise<void>;

/** An image as it is to be compared. */
export interface ComparedImage {
  place: ImagePlace;
  rules: CompareRules;
  /** Its data is elsewhere, and cannot be read. */
  hasNoData?: boolean;
}

/**
 * What differs.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together; what reading the source throws
 */
export function compareImage(image: ComparedImage, staged: Staged, run: RunMatch): Promise<Findings> {
  const { place, rules, hasNoData = false } = image;
  return withPlace(place, async (opened) => {
    const { tree, contents, xattrs } = staged;
    const findings = new Findings();
    const expected = { tree, inodes: orderInodes(tree), xattrs };
    const files = await compareMetadata(readerOf(opened), expected, rules, findings);
    if (hasNoData) return findings;
    // what was made for the image has no source
    const pairs = files.filter(({ entry }) => (tree.flags.view[entry]! & FLAG_LATE) === 0);
    const differs = new Uint8Array(new SharedArrayBuffer(pairs.length));
    await run({ place, tree: tree.share(), contents, ...shareFiles(pairs, staged), differs });
    for (const [index, { entry }] of pairs.entries()) {
      if (differs[index] === 0) continue;
      findings.add({ path: `/${showBytes(tree.path(entry))}`, message: "its contents are not those of the source" });
    }
    return findings;
  });
}

function shareFiles(pairs: readonly FilePair[], { tree }: Staged) {
  return {
    entries: shareUint32(pairs.map(({ entry }) => entry)),
    ids: shareFloat64(pairs.map(({ id }) => id)),
    bytes: pairs.reduce((sum, { entry }) => sum + tree.size.view[entry]!, 0),
  };
}
