/** Where an image is, as plain data that every thread can open it by. */
import { ImageError } from "../../core/error.ts";
import { type OpenedImage, openReader } from "../../inspect/open-image.ts";
import { ImageFile } from "./node-image-file.ts";

/** An image in a file. */
export interface ImagePlace {
  path: string;
  /** What messages call it. Default: its path. */
  shownPath?: string;
  /** Bytes before it. */
  offset: number;
  /** Paths of what data of an EROFS image lies in besides. */
  devices: readonly string[];
}

/** Does `work` with an image that is open; errors of it name the file. */
export async function withPlace<R>(
  { path, shownPath = path, offset, devices }: ImagePlace,
  work: (image: OpenedImage) => Promise<R>,
): Promise<R> {
  const files: ImageFile[] = [];
  const open = (file: string, at: number, shown = file) => {
    const opened = new ImageFile(file, at, shown);
    files.push(opened);
    return opened;
  };
  try {
    const others = devices.map((device) => open(device, 0));
    return await work(await openReader(open(path, offset, shownPath), others));
  } catch (error) {
    if (!(error instanceof ImageError) || error.path !== undefined) throw error;
    throw new ImageError(error.code, `${shownPath}: ${error.message}`, {
      path: shownPath,
      offset: error.offset,
      cause: error,
    });
  } finally {
    for (const file of files) file.release();
  }
}
