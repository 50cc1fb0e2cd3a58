// What compression adds to the floor (floor.mjs): the codec of dist/ compresses all that is read, and what it makes leaves
// in large pieces. As EROFS has it, each output fills a pcluster; as SquashFS has it, contents stand in a row of blocks.
import fs from "node:fs";
import { createCodec } from "../dist/codec/names.js";

/** What is read at once, and looked at for one pcluster. */
const PART = 2 << 20;
const REACH = 1 << 20;
const BLOCK = 4096;

/** @import { Codec } from "../src/codec/codec.ts" */
/** @typedef {{ codec: string, pcluster: number, block: number }} Packing `codec`: name and level; one of the sizes is 0. */

/** Compresses what files hold, one after another. */
export class Packer {
  #codec;
  #packing;
  #emit;
  /** Bytes at the window's start that wait for more: of blocks only. */
  #held = 0;

  /** @param {Codec} codec @param {Packing} packing @param {(bytes: Uint8Array) => void} emit */
  constructor(codec, packing, emit) {
    this.#codec = codec;
    this.#packing = packing;
    this.#emit = emit;
  }

  /** @param {Packing} packing @param {(bytes: Uint8Array) => void} emit */
  static async create(packing, emit) {
    const [name, level] = packing.codec.split(",");
    const options = { name: /** @type {"lz4"} */ (name), level: level === undefined ? undefined : Number(level) };
    return new Packer(await createCodec({ ...options, plainLen: 2 * PART }), packing, emit);
  }

  /** Reads a file to its end. @param {number} file @param {number} size */
  addFile(file, size) {
    const { plain } = this.#codec;
    for (let done = 0, got = -1; got !== 0 && done <= size; done += got) {
      // one byte more than there should be: a file that has grown would show itself
      got = fs.readSync(file, plain, this.#held, Math.min(size + 1 - done, PART), null);
      this.#held += got;
      const isEnd = done + got >= size;
      if (this.#packing.pcluster > 0) this.#fill(isEnd);
      else if (this.#held >= PART) this.#compressBlocks(false);
      if (isEnd) break;
    }
  }

  /** There are no more files. */
  finish() {
    if (this.#packing.block > 0) this.#compressBlocks(true);
  }

  /** @param {boolean} isEnd */
  #fill(isEnd) {
    const { pcluster } = this.#packing;
    const codec = this.#codec;
    let at = 0;
    while (at < this.#held && (isEnd || this.#held - at >= REACH)) {
      const reach = Math.min(this.#held, at + REACH);
      const length = reach - at > BLOCK ? codec.compressInto(at, reach, 0, pcluster) : 0;
      const shrinks = length > 0 && codec.consumed > Math.ceil(length / BLOCK) * BLOCK;
      const used = shrinks ? codec.consumed : Math.min(reach - at, pcluster);
      this.#emit(shrinks ? codec.compressed.subarray(0, length) : codec.plain.subarray(at, at + used));
      at += used;
    }
    this.#keep(at);
  }

  /** @param {boolean} isEnd */
  #compressBlocks(isEnd) {
    const { block } = this.#packing;
    const { plain, compressed } = this.#codec;
    let at = 0;
    while (at < this.#held && (isEnd || this.#held - at >= block)) {
      const end = Math.min(this.#held, at + block);
      const length = this.#codec.compress(at, end, 0, end - at - 1);
      this.#emit(length > 0 ? compressed.subarray(0, length) : plain.subarray(at, end));
      at = end;
    }
    this.#keep(at);
  }

  /** What is behind `at` waits. @param {number} at */
  #keep(at) {
    this.#codec.plain.copyWithin(0, at, this.#held);
    this.#held -= at;
  }
}
