/** EROFS images as a source: what they hold, one over the other as layers of overlayfs. */

import { showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { CallFolder, givenPath, settle } from "../../../core/node/node-folder.ts";
import { type Checks, oneOf, record } from "../../../core/options/checks.ts";
import type { Source } from "../../../stage/source/source.ts";

/** How EROFS images are read. */
export interface ErofsImagesOptions {
  /**
   * What becomes of the data of files: `refer` leaves it where it is, and the images are devices of the new one, in their order;
   * `copy` reads it, whatever its layout (`--clean=data`). What another format, or several sources, are made of is copied.
   * Default: `refer`.
   */
  data?: "refer" | "copy" | undefined;
}

/** A source of this kind. */
export interface ImagesSource extends Source {
  /** Where the images are; throws where they cannot be told. */
  readonly paths: () => readonly string[];
  /** Data stays in them. */
  readonly refers: boolean;
  /** Says the paths of an error as they were given. */
  restore(error: unknown): unknown;
}

const CHECKS: Checks<ErofsImagesOptions> = { data: oneOf("refer", "copy") };
const OPTIONS = record("option of erofsImages()", CHECKS);

/**
 * What EROFS images hold, merged as overlayfs merges layers: a later image comes before earlier ones, its whiteouts and opaque
 * directories hide what is in these, and its directories are joined with theirs. The marks themselves stay, unless
 * `overlay` says otherwise. The root is that of the last image.
 */
export function erofsImages(images: string | readonly string[], options: ErofsImagesOptions = {}): ImagesSource {
  const folder = CallFolder.now();
  const paths = settle(() => {
    const fault = OPTIONS.find(options);
    if (fault) throw new ImageError("INPUT", `erofsImages(): ${fault.at.slice(1)}: ${fault.why}`);
    const list = [images].flat();
    if (list.length === 0) throw new ImageError("INPUT", "erofsImages(): there is no image");
    return list.map((path) => folder.resolveText(showBytes(givenPath("erofsImages()", path))));
  });
  return {
    isClosure: false,
    refers: options.data !== "copy",
    paths,
    restore: (error) => folder.restore(error),
  };
}

/** Whether a source is an {@link ImagesSource}. */
export function isImages(source: Source): source is ImagesSource {
  return "refers" in source;
}
