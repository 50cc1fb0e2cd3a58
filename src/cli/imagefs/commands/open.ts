/** Opens the images of a command line, and names them in what goes wrong. */
import { ImageFile } from "../../../build/look/node-image-file.ts";
import { ImageError } from "../../../core/error.ts";
import { type OpenedImage, openReader } from "../../../inspect/open-image.ts";
import type { Settings } from "../settings.ts";

/** Does `work` with an image that is open; errors of it name the file. */
export async function withImage<R>(
  path: string,
  { offset, devices }: Settings,
  work: (image: OpenedImage) => Promise<R>,
): Promise<R> {
  const files: ImageFile[] = [];
  const open = (file: string, at: number) => {
    const opened = new ImageFile(file, at);
    files.push(opened);
    return opened;
  };
  try {
    const others = devices.map((device) => open(device, 0));
    return await work(await openReader(open(path, offset), others));
  } catch (error) {
    if (!(error instanceof ImageError) || error.path !== undefined) throw error;
    throw new ImageError(error.code, `${path}: ${error.message}`, { path, offset: error.offset, cause: error });
  } finally {
    for (const file of files) file.release();
  }
}
