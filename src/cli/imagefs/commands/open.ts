/** Opens the images of a command line. */
import { type ImagePlace, withPlace } from "../../../build/look/image-place.ts";
import type { OpenedImage } from "../../../inspect/open-image.ts";
import type { Settings } from "../settings.ts";

/** Where an image is by a line. */
export function placeOf(path: string, { offset, devices }: Settings): ImagePlace {
  return { path, offset, devices };
}

/** Does `work` with an image that is open, until `signal` fires; errors of it name the file. */
export function withImage<R>(
  path: string,
  settings: Settings,
  signal: AbortSignal,
  work: (image: OpenedImage) => Promise<R>,
): Promise<R> {
  return withPlace(placeOf(path, settings), work, signal);
}
