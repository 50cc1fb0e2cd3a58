/**
 * The hash tree of a finished image: made right behind it, while its bytes are still in memory, before anything gets its
 * name. All threads hash the blocks of the image, then those of each level, which is read again: no memory grows with it.
 *
 *     image | zeros to 4096 | superblock | tree        one file, or the latter two in another
 */
import { encodeUtf8, toHex } from "../../core/bytes.ts";
import { checkDeviceRoom } from "../../core/node/node-file-sink.ts";
import type { FileIdentity } from "../../core/node/node-identity.ts";
import { SpillFile } from "../../core/node/node-spill.ts";
import { isPipe } from "../../core/node/node-target.ts";
import { OptionError } from "../../core/options/option-error.ts";
import { showUuid } from "../../core/options/uuid.ts";
import { encodeVeritySuperblock, VERITY_BLOCK } from "../../verity/format.ts";
import { type HashTree, planHashTree } from "../../verity/levels.ts";
import { resolveVerityOptions, type VerityOptions, type VeritySettings } from "../../verity/options.ts";
import { checkReadable, type FileBeside, writeBeside } from "../beside/files.ts";
import { BlockHasher } from "../jobs/node-block-hasher.ts";
import type { VerityWork } from "../jobs/verity.ts";
import type { VerityReport } from "../report.ts";
import {
  DescriptorStream,
  type FileTarget,
  type ImageTarget,
  type SharedTarget,
  withFileSink,
  writeFileTarget,
} from "../target/target.ts";
import { deriveSalt, deriveVerityUuid } from "./node-derive.ts";

/** What it needs of a build. */
interface VerityHost {
  /** A path as it is now, wherever the process goes. */
  place(path: string): string;
  leaveOut(files: readonly FileIdentity[]): void;
  run(name: "verity", params: VerityWork): Promise<void>;
  watch<T>(stage: "write", total: number, work: () => Promise<T>): Promise<T>;
}

/** A target from a byte on. */
function partOf({ offset, ...file }: SharedTarget, at: number): SharedTarget {
  return { ...file, offset: offset + at };
}

/** What dm-verity asks of one build. */
export class Verity {
  readonly #host: VerityHost;
  readonly #options: VerityOptions;
  readonly #settings: VeritySettings;
  readonly #out: string | undefined;
  readonly #rootOut: string | undefined;
  /** The open files, where there are any besides the image. */
  #hashFile: FileTarget | undefined;
  #rootFile: FileTarget | undefined;

  /** @throws ImageError `INPUT` for options that cannot be, also with such a target */
  constructor(host: VerityHost, out: ImageTarget, options: true | VerityOptions) {
    this.#host = host;
    this.#options = options === true ? {} : options;
    this.#settings = resolveVerityOptions(options);
    const { out: hashes, rootOut } = this.#options;
    // an empty path is refused as one
    this.#out = hashes && host.place(hashes);
    this.#rootOut = rootOut && host.place(rootOut);
    const isStream = typeof out === "string" ? isPipe(out) : out instanceof DescriptorStream;
    if (isStream && hashes === undefined)
      throw new OptionError(
        "verity",
        "an image that goes into a pipe can have its hash tree only in a file of its own",
      );
  }

  /** The files that it writes besides the image. */
  get files(): FileBeside[] {
    return [
      ...(this.#out === undefined ? [] : [{ path: this.#out, what: "its hash tree", isOwn: true }]),
      ...(this.#rootOut === undefined ? [] : [{ path: this.#rootOut, what: "its root hash", isOwn: true }]),
    ];
  }

  /** Does `make`, which makes the image and {@link seal}s it, and puts the other files in their places behind it. */
  withFiles<R>(make: () => Promise<R>): Promise<R> {
    const makeBoth = () =>
      this.#open(this.#out, make, (file, path) => {
        checkReadable(file, path);
        this.#hashFile = file;
      });
    return this.#open(this.#rootOut, makeBoth, (file) => {
      this.#rootFile = file;
    });
  }

  #open<R>(
    path: string | undefined,
    work: () => Promise<R>,
    take: (file: FileTarget, path: string) => void,
  ): Promise<R> {
    if (path === undefined) return work();
    return writeFileTarget(path, 0, (file, temporary) => {
      this.#host.leaveOut(temporary.named);
      take(file, path);
      return work();
    });
  }

  /** Makes the tree of a finished image, which is in a file. Gives back what was made of it, by its new length. */
  async seal<R extends { bytes: number }>(image: SharedTarget, made: R): Promise<R & { verity: VerityReport }> {
    const { hasSuperblock } = this.#settings;
    const dataBlocks = Math.ceil(made.bytes / VERITY_BLOCK);
    const dataBytes = dataBlocks * VERITY_BLOCK;
    const headBytes = hasSuperblock ? VERITY_BLOCK : 0;
    const tree = planHashTree(dataBlocks);
    const hashBytes = headBytes + tree.blocks * VERITY_BLOCK;
    await withFileSink(image, async (sink) => {
      sink.truncate(made.bytes);
      sink.truncate(dataBytes);
    });
    const to = this.#hashFile ?? partOf(image, dataBytes);
    if (this.#hashFile) await prepareHashFile(this.#hashFile, hashBytes);
    const salt = this.#settings.salt ?? deriveSalt(readBlock(image));
    const top = await this.#hash(image, tree, partOf(to, headBytes), salt);
    const rootHash = hashBlock(salt, readBlock(top));
    const uuid = hasSuperblock ? (this.#settings.uuid ?? deriveVerityUuid(rootHash)) : undefined;
    await withFileSink(to, async (sink) => {
      // by a device's first block it is told what is there
      sink.sync();
      if (uuid) sink.writeAt(encodeVeritySuperblock({ uuid, dataBlocks, salt }), 0);
      if (this.#hashFile) sink.sync();
    });
    const root = toHex(rootHash);
    if (this.#rootFile) await writeBeside(this.#rootFile, encodeUtf8(`${root}\n`));
    return {
      ...made,
      bytes: dataBytes + (this.#hashFile ? 0 : hashBytes),
      verity: {
        rootHash: root,
        salt: toHex(salt),
        uuid: uuid && showUuid(uuid),
        dataBlocks,
        hashOffset: this.#hashFile ? 0 : dataBytes,
        hashBytes,
        path: this.#options.out,
      },
    };
  }

  /** Hashes the image's blocks, and level by level what comes of that; gives the only block that is left. */
  async #hash(image: SharedTarget, { levels }: HashTree, to: SharedTarget, salt: Uint8Array): Promise<SharedTarget> {
    const bytes = levels.reduce((sum, { hashed }) => sum + hashed * VERITY_BLOCK, 0);
    let from = image;
    await this.#host.watch("write", bytes, async () => {
      for (const { hashed, first } of levels) {
        const level = partOf(to, first * VERITY_BLOCK);
        await this.#host.run("verity", { salt, from, hashed, to: level });
        from = level;
      }
    });
    return from;
  }
}

/** A device is no tree before it is whole, nor the one that it was: its first block is written last. */
async function prepareHashFile(file: FileTarget, bytes: number): Promise<void> {
  if (file.inPlace) checkDeviceRoom(file.path, bytes);
  await withFileSink(file, async (sink) => {
    sink.truncate(bytes);
    if (!file.inPlace || bytes === 0) return;
    sink.writeAt(new Uint8Array(VERITY_BLOCK), 0);
    sink.sync();
  });
}

function readBlock({ path, shownPath, offset }: SharedTarget): Uint8Array {
  const block = new Uint8Array(VERITY_BLOCK);
  const file = new SpillFile(path, shownPath, offset);
  try {
    if (file.readAt(block, 0) < block.length) throw file.fail("what was written cannot be read again");
  } finally {
    file.release();
  }
  return block;
}

function hashBlock(salt: Uint8Array, block: Uint8Array): Uint8Array {
  const hasher = new BlockHasher(salt, 1);
  hasher.blocks.set(block);
  return hasher.hash(1);
}
