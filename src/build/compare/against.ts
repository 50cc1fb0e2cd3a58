/** Compares an image with a source that is opened for it: as a build does that leaves everything as it is. */
import type { Sink } from "../../core/sink.ts";
import type { Finding } from "../../inspect/verify/finding.ts";
import type { Source } from "../../stage/source/source.ts";
import { filesOf, type ImagePlace } from "../look/image-place.ts";
import type { RunOptions } from "../options.ts";
import { BuildSession } from "../session.ts";
import { compareImage } from "./compare.ts";
import type { Ignored } from "./metadata.ts";

/** How an image is compared with a source. */
export interface AgainstOptions extends Pick<RunOptions, "workers" | "signal"> {
  /** The folder of the image that store paths lie in, as of a build. */
  storeDir?: string | undefined;
  /** What is not compared. */
  ignored?: Iterable<Ignored> | undefined;
}

/** What differs. */
export interface AgainstReport {
  /** As far as it is told. */
  findings: readonly Finding[];
  /** In all. */
  count: number;
}

/** Nothing is written. */
const NOWHERE: Sink = { writeAt: () => undefined, truncate: () => undefined, close: () => undefined };

/**
 * Lists a source and reads its files, and compares all of it with what an image holds. A closure has Nix's owners and times.
 *
 * @throws ImageError `DAMAGED` where the image does not hold together; what reading the source throws
 */
export async function compareAgainst(
  place: ImagePlace,
  isSquashfs: boolean,
  source: Source,
  { ignored = [], ...options }: AgainstOptions = {},
): Promise<AgainstReport> {
  const rules = { ignored: new Set(ignored), isSquashfs };
  const session = new BuildSession(source, options, 1, {
    isNone: rules.ignored.has("xattr"),
    holdsAcls: !isSquashfs,
    holdsNanoseconds: !isSquashfs,
  });
  // an image that lies in what it was made of is no part of it, nor is what its data lies in
  session.leaveOut(filesOf(place));
  const findings = await session.build(NOWHERE, async (opened) => {
    const staged = await opened.stage();
    return session.watch("compare", undefined, () =>
      compareImage({ place, rules }, staged, (work) => session.run("match", work)),
    );
  });
  return { findings: findings.list, count: findings.count };
}
