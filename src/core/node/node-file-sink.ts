/** Open files as sinks. */
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from "node:fs";
import { ImageError } from "../error.ts";
import type { Sink } from "../sink.ts";
import { attempt } from "./node-errors.ts";

/** Writes to an open file at offsets; each thread has its own on one path. */
export class FileSink implements Sink {
  readonly #descriptor: number;
  readonly #shownPath: string;
  readonly #offset: number;
  #isOpen = true;

  /**
   * @param path of the file, which must exist
   * @param shownPath what messages call it
   * @param offset of the image in the file
   */
  constructor(path: string, shownPath: string, offset: number) {
    this.#shownPath = shownPath;
    this.#offset = offset;
    this.#descriptor = attempt(shownPath, () => openSync(path, constants.O_WRONLY));
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    // a build that was given up may have a write still to come: its descriptor may be another file's by now
    if (!this.#isOpen) throw new ImageError("ABORTED", "the build was aborted");
    attempt(this.#shownPath, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#descriptor, bytes, done, bytes.length - done, this.#offset + offset + done);
      }
    });
  }

  truncate(length: number): void {
    // a device has its length
    if (!fstatSync(this.#descriptor).isFile()) return;
    attempt(this.#shownPath, () => ftruncateSync(this.#descriptor, this.#offset + length));
  }

  close(): void {
    this.sync();
    this.release();
  }

  /** Makes what has been written durable, where the target is something that keeps it. */
  sync(): void {
    const kind = fstatSync(this.#descriptor);
    if (kind.isFile() || kind.isBlockDevice()) attempt(this.#shownPath, () => fsyncSync(this.#descriptor));
  }

  /** Closes the file without making it durable; may be called again. */
  release(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#descriptor);
  }
}

/** Whether a path leads to a block device. */
export function isBlockDevice(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isBlockDevice() === true;
}

/** Throws `IO` where a block device is shorter than `bytes`: before its old contents are touched. */
export function checkDeviceRoom(path: string, bytes: number): void {
  if (!attempt(path, () => statSync(path)).isBlockDevice()) return;
  const descriptor = attempt(path, () => openSync(path, constants.O_RDONLY));
  try {
    const got = attempt(path, () => readSync(descriptor, new Uint8Array(1), 0, 1, bytes - 1));
    if (got === 0) throw new ImageError("IO", `${path}: no space left on device, ${bytes} bytes are needed`, { path });
  } finally {
    closeSync(descriptor);
  }
}

/** Holds back the first bytes until everything else is durable: a device is no image before it is whole. */
export class HeadLastSink implements Sink {
  readonly #sink: FileSink;
  readonly #headBytes: number;
  readonly #beforeHead: () => Promise<void>;
  #head: Uint8Array | undefined;

  /** @param beforeHead is called when all else is durable */
  constructor(sink: FileSink, headBytes: number, beforeHead: () => Promise<void> = async () => undefined) {
    this.#sink = sink;
    this.#headBytes = headBytes;
    this.#beforeHead = beforeHead;
  }

  writeAt(bytes: Uint8Array, offset: number): void {
    const kept = Math.max(0, Math.min(this.#headBytes - offset, bytes.length));
    if (kept > 0) {
      this.#head ??= new Uint8Array(this.#headBytes);
      this.#head.set(bytes.subarray(0, kept), offset);
    }
    if (kept < bytes.length) this.#sink.writeAt(bytes.subarray(kept), offset + kept);
  }

  /** Wipes an image that was there before, so that a build that fails leaves none. */
  truncate(length: number): void {
    this.#sink.truncate(length);
    this.#sink.writeAt(new Uint8Array(Math.min(this.#headBytes, length)), 0);
    this.#sink.sync();
  }

  async close(): Promise<void> {
    this.#sink.sync();
    await this.#beforeHead();
    if (this.#head) this.#sink.writeAt(this.#head, 0);
    this.#sink.close();
  }
}
