/** Opens EROFS images that are sources: files on this machine. */
import { ImageError } from "../../../core/error.ts";
import { ErofsReader, openErofs } from "../../../inspect/erofs/reader.ts";
import { ImageBytes } from "../../../inspect/image.ts";
import { ArchiveFile, type ArchivePlace } from "../../../stage/source/archive/node-archive-file.ts";

/** An image that is open. */
export class OpenImage {
  readonly file: ArchiveFile;
  readonly reader: ErofsReader;
  readonly #path: string;

  private constructor(file: ArchiveFile, reader: ErofsReader, path: string) {
    this.file = file;
    this.reader = reader;
    this.#path = path;
  }

  /** @throws ImageError that names the image, where it is none, or is damaged */
  static async open(place: ArchivePlace): Promise<OpenImage> {
    const file = new ArchiveFile(place);
    try {
      const bytes = new ImageBytes({ size: file.size, readAt: (into, offset) => file.readAt(into, offset) });
      return new OpenImage(file, new ErofsReader(await openErofs(bytes)), place.shownPath);
    } catch (error) {
      file.release();
      throw ofImage(error, place.shownPath);
    }
  }

  /** Does `work` with it; errors name it. */
  async use<R>(work: (reader: ErofsReader) => Promise<R>): Promise<R> {
    try {
      return await work(this.reader);
    } catch (error) {
      throw ofImage(error, this.#path);
    }
  }
}

/** The same error, about an image. */
function ofImage(error: unknown, path: string): unknown {
  if (!(error instanceof ImageError) || error.path !== undefined) return error;
  return new ImageError(error.code, `${path}: ${error.message}`, { path, offset: error.offset, cause: error });
}
