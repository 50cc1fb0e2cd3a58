/** Verifies what a build has made, before it takes its place: see RunOptions.verify. */
import { ImageError } from "../../core/error.ts";
import type { BuildSession } from "../session.ts";
import type { Staged } from "../source/part.ts";
import type { SharedTarget } from "../target/target.ts";
import { compareImage } from "./compare.ts";
import type { CompareRules } from "./metadata.ts";

/** What an image is to hold. */
export interface Expectation {
  staged: Staged;
  rules: CompareRules;
  /** Paths of what its data lies in besides; undefined: data is elsewhere, and only entries are compared. */
  devices: readonly string[] | undefined;
}

/**
 * Reads a finished image back.
 *
 * @throws ImageError `DAMAGED` where it is not what its source is
 */
export async function verifyBuild(
  session: BuildSession,
  { path, shownPath, offset }: SharedTarget,
  { staged, rules, devices }: Expectation,
): Promise<void> {
  const place = { path, shownPath, offset, devices: devices ?? [] };
  const { size } = staged.tree;
  let bytes = 0;
  for (let entry = 0; entry < staged.tree.length; entry++) bytes += size.view[entry]!;
  const { list, count } = await session.watch("verify", bytes, () =>
    compareImage({ place, rules, hasNoData: devices === undefined }, staged, (work) => session.run("match", work)),
  );
  const [first] = list;
  if (first === undefined) return;
  const more = count === 1 ? "" : `, and ${count - 1} more`;
  const message = `${shownPath}: the image is not what its source is: ${first.path}: ${first.message}${more}`;
  throw new ImageError("DAMAGED", message, { path: shownPath });
}
