/**
 * Archives as bytes front to back: files that are not compressed are read where something is looked for; all else is
 * decompressed and put into a temporary file on the way, where contents can be read at random.
 */
import { closeSync, createReadStream, openSync, statSync } from "node:fs";
import { ImageError } from "../../../core/error.ts";
import { attempt } from "../../../core/node/node-errors.ts";
import { SpillFile } from "../../../core/node/node-spill.ts";
import type { TemporaryFiles } from "../../../core/node/node-temporary.ts";
import { showValue } from "../../../core/options/checks.ts";
import type { ByteStream } from "./archive-input.ts";
import { ArchiveFile, type ArchivePlace } from "./node-archive-file.ts";
import {
  type ArchiveCompression,
  checkCompression,
  decompress,
  explainDecompress,
  tellCompression,
} from "./node-decompress.ts";

/** An archive that is open. */
export interface OpenArchive {
  stream: ByteStream;
  /** Where its bytes can be read again, as soon as they have been read once. */
  place(): ArchivePlace;
  /** All that is of use has been read, or reading has failed. */
  release(): void;
}

/** How an archive is to be opened. */
export interface OpenSettings {
  /** What messages call it. */
  shownPath: string;
  /** How it is compressed; undefined: its contents tell. */
  compression: ArchiveCompression | undefined;
  /** A further file that gets its bytes, once they are decompressed. */
  copyTo: string | undefined;
}

/** Bytes that are looked at to tell how an archive is compressed. */
const HEAD = 13;

/** Opens an archive. @param input its path, or its bytes: each part of these need be good only until the next is asked for */
export async function openArchive(
  input: string | AsyncIterable<Uint8Array>,
  settings: OpenSettings,
  temporary: TemporaryFiles,
): Promise<OpenArchive> {
  const { shownPath, copyTo } = settings;
  if (typeof input === "string" && copyTo === undefined && attempt(shownPath, () => statSync(input)).isFile()) {
    const file = new FileStream(ArchiveFile.placeOf(input, shownPath));
    if ((settings.compression ?? checkCompression(tellCompression(file.head()), shownPath)) === "none") return file;
    file.release();
  }
  const bytes = typeof input === "string" ? createReadStream(input, { highWaterMark: CHUNK }) : input;
  const spill = temporary.createHidden();
  const files = [new SpillFile(spill.path, spill.shownPath)];
  if (copyTo !== undefined) files.push(createCopy(copyTo));
  return new SpooledStream(bytes, settings, { path: spill.path, shownPath }, files);
}

const CHUNK = 1 << 18;

function createCopy(path: string): SpillFile {
  attempt(path, () => closeSync(openSync(path, "w", 0o644)));
  return new SpillFile(path, path);
}

/** The least that is read at once, in about as long as another call would take; and the most. */
const LEAST_READ = 32 << 10;
const MOST_READ = 256 << 10;

/** A file that is not compressed. */
class FileStream implements ByteStream, OpenArchive {
  readonly #place: ArchivePlace;
  readonly #file: ArchiveFile;
  readonly #buffer = new Uint8Array(MOST_READ);
  #at = 0;
  /** Bytes that are read next: more as long as all of them are of use. */
  #reads = LEAST_READ;

  constructor(place: ArchivePlace) {
    this.#place = place;
    this.#file = new ArchiveFile(place);
  }

  get stream(): ByteStream {
    return this;
  }

  /** Its first bytes. */
  head(): Uint8Array {
    const head = new Uint8Array(HEAD);
    return head.subarray(0, this.#file.readAt(head, 0));
  }

  next(): Uint8Array | undefined {
    const got = this.#file.readAt(this.#buffer.subarray(0, this.#reads), this.#at);
    this.#at += got;
    this.#reads = Math.min(2 * this.#reads, MOST_READ);
    return got === 0 ? undefined : this.#buffer.subarray(0, got);
  }

  pass(bytes: number): number {
    const passed = Math.min(bytes, this.#place.size - this.#at);
    this.#at += passed;
    this.#reads = LEAST_READ;
    return passed;
  }

  place(): ArchivePlace {
    this.#file.check();
    return { ...this.#place, holder: { path: this.#place.shownPath, isUnpacked: false } };
  }

  release(): void {
    this.#file.release();
  }
}

/** A stream, or a file that is compressed. */
class SpooledStream implements ByteStream, OpenArchive {
  readonly #source: AsyncIterable<Uint8Array>;
  readonly #settings: OpenSettings;
  readonly #spill: Pick<ArchivePlace, "path" | "shownPath">;
  readonly #files: readonly SpillFile[];
  #chunks: AsyncIterator<Uint8Array> | undefined;
  #compression: ArchiveCompression = "none";
  #size = 0;

  constructor(
    source: AsyncIterable<Uint8Array>,
    settings: OpenSettings,
    spill: Pick<ArchivePlace, "path" | "shownPath">,
    files: readonly SpillFile[],
  ) {
    this.#source = source;
    this.#settings = settings;
    this.#spill = spill;
    this.#files = files;
  }

  get stream(): ByteStream {
    return this;
  }

  async next(): Promise<Uint8Array | undefined> {
    const chunk = await this.#read();
    if (chunk === undefined) return undefined;
    for (const file of this.#files) file.writeAt(chunk, this.#size);
    this.#size += chunk.length;
    return chunk;
  }

  async #read(): Promise<Uint8Array | undefined> {
    try {
      this.#chunks ??= await this.#start();
      for (;;) {
        const { done, value } = await this.#chunks.next();
        if (done) return undefined;
        this.#check(value);
        if (value.length > 0) return value;
      }
    } catch (cause) {
      throw explainDecompress(cause, this.#compression, this.#settings.shownPath);
    }
  }

  #check(chunk: unknown): void {
    if (chunk instanceof Uint8Array) return;
    const { shownPath } = this.#settings;
    throw new ImageError("INPUT", `${shownPath}: ${showValue(chunk)} is no part of an archive`, { path: shownPath });
  }

  /** Looks at the first bytes; decompresses all where they say so. */
  async #start(): Promise<AsyncIterator<Uint8Array>> {
    const { compression, shownPath } = this.#settings;
    const chunks = this.#source[Symbol.asyncIterator]();
    // so that it is ended, too, where this is not
    this.#chunks = chunks;
    let head: Uint8Array = new Uint8Array(0);
    while (head.length < HEAD) {
      const { done, value } = await chunks.next();
      if (done) break;
      this.#check(value);
      head = head.length === 0 && value.length >= HEAD ? value : Buffer.concat([head, value]);
    }
    this.#compression = compression ?? checkCompression(tellCompression(head), shownPath);
    const all = new Rejoined(head, chunks);
    // what each generator in between costs shows where a pipe brings little at a time
    return this.#compression === "none" ? all : decompress(copies(all), this.#compression);
  }

  place(): ArchivePlace {
    const { copyTo: path } = this.#settings;
    const holder = { path, isUnpacked: path === undefined && this.#compression !== "none" };
    return { ...this.#spill, start: 0, size: this.#size, stamp: undefined, holder };
  }

  release(): void {
    for (const file of this.#files) file.release();
    // whoever makes the bytes need not go on when nobody wants them
    this.#chunks?.return?.().catch(() => undefined);
  }
}

/** Parts that stay as they are: what decompresses has some of them wait. */
async function* copies(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield new Uint8Array(part);
}

/** Bytes that have been taken off a stream, and the rest of it. */
class Rejoined implements AsyncIterableIterator<Uint8Array> {
  #head: Uint8Array | undefined;
  readonly #rest: AsyncIterator<Uint8Array>;

  constructor(head: Uint8Array, rest: AsyncIterator<Uint8Array>) {
    this.#head = head;
    this.#rest = rest;
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    const head = this.#head;
    if (head === undefined) return this.#rest.next();
    this.#head = undefined;
    return Promise.resolve({ done: false, value: head });
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    await this.#rest.return?.();
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
