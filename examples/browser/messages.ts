/** What the page and its worker say to each other. */

/** A file or an empty directory, by its path in the image. */
export interface Given {
  path: string;
  /** Undefined: a directory. */
  file: File | undefined;
}

/** What is to be built, and of what. */
export interface Order {
  given: readonly Given[];
  format: "erofs" | "squashfs";
  /** Undefined: nothing is compressed. */
  compressor: string | undefined;
  /** All times are 1970, whatever files have. */
  fixesTimes: boolean;
}

/** What the worker is told: to build, or to give up. */
export type Told = Order | "stop";

/** An image that has been built. */
export interface Built {
  image: Blob;
  /** What it is to be called. */
  name: string;
  sha256: string;
  /** The oldest Linux that reads it. */
  kernel: string;
  /** The page of `ts-imagefs usage --html`. */
  usage: string;
}

/** What the worker tells. */
export type Telling =
  | { kind: "ready"; algorithms: readonly string[]; compressors: readonly string[] }
  | { kind: "progress"; stage: string; done: number; total: number | undefined }
  | { kind: "built"; built: Built }
  | { kind: "failed"; message: string };
