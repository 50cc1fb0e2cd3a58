/**
 * The build of an image whose files have their data where it lies: in tar archives (`--tar=i`), which are then devices of
 * the image, or are to be copied into it block by block by someone who gets a list of these.
 */

import { showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { loadXxHash } from "../../core/hash/xxhash.ts";
import type { TemporaryFile, TemporaryFiles } from "../../core/node/node-temporary.ts";
import { withoutAlgorithm } from "../../erofs/compress-options.ts";
import type { Device } from "../../erofs/disk/superblock.ts";
import type { ErofsSettings } from "../../erofs/options.ts";
import { createOutside, type OutsideData, planOutside } from "../../erofs/plan/outside.ts";
import type { ErofsPlan } from "../../erofs/plan/plan.ts";
import { archiveOffsets } from "../../stage/source/archive/node-archive-contents.ts";
import type { ArchivePlace } from "../../stage/source/archive/node-archive-file.ts";
import { countInodes } from "../../stage/tree/counts.ts";
import { orderFiles, type SortRule } from "../../stage/tree/file-order.ts";
import { type InodeOrder, orderInodes } from "../../stage/tree/order.ts";
import { S_IFREG, type Tree } from "../../stage/tree/tree.ts";
import type { MadeImage } from "../report.ts";
import type { BuildSession, Staged } from "../session.ts";
import type { SharedTarget } from "../target/target.ts";

/** Bytes of what a tar archive consists of. */
const TAR_BLOCK = 512;

/** What it comes to, with the list of blocks where one is to be written. */
export interface MadeOutside extends MadeImage {
  map: string;
}

/** Builds such images in a session. */
export class OutsideBuild {
  readonly #session: BuildSession;
  readonly #settings: ErofsSettings;
  readonly #sort: readonly SortRule[];

  constructor(session: BuildSession, settings: ErofsSettings, sort: readonly SortRule[]) {
    this.#session = session;
    this.#settings = settings;
    this.#sort = sort;
  }

  /** Plans and writes to `image`; what is of use before its time is read is checked by the caller. */
  async run(
    staged: Staged,
    places: OutsidePlaces,
    image: SharedTarget,
    temporary: TemporaryFiles,
  ): Promise<MadeOutside> {
    const { tree, xattrs } = staged;
    const { inodes, outside } = places;
    const session = this.#session;
    const { blockSize = this.#settings.blockSize } = places;
    const settings = {
      ...this.#settings,
      blockSize,
      chunkIndexes: outside.devices.length > 0,
      deviceTags: tagsOf(outside),
    };
    const files = orderFiles(tree, inodes, this.#sort);
    const xxhash = await loadXxHash();
    const given = { tree, inodes, files, sort: this.#sort, settings, timestamp: session.timestamp, xattrs, xxhash };
    const input = { ...given, sharesWith: undefined, holes: new Map() };
    const plan = await session.watch("plan", undefined, async () => planOutside(input, outside));
    const compression = withoutAlgorithm({}, settings.blockSize);
    const records = places.records ?? temporary.createHidden();
    const opened = { image, records, fragments: records, box: undefined };
    await session.watch("write", undefined, () =>
      session.run("metadata", { tree: tree.share(), plan, compression, files: opened }),
    );
    return {
      superblock: plan.superblock,
      metaBlocks: plan.metaBlocks,
      counts: countInodes(inodes, tree),
      ...{ savedByDedupe: 0, savedByHoles: 0 },
      bytes: plan.blocks * plan.blockSize,
      unmatched: files.unmatched,
      excluded: staged.excluded + tree.excluded,
      map: outside.devices.length > 0 ? "" : listBlocks(tree, inodes, plan, outside),
    };
  }
}

/** By what devices are told apart. */
function tagsOf({ devices }: OutsideData): string[] {
  return devices.map(({ tag }) => showBytes(tag)).filter((tag) => tag !== "");
}

/** Where data lies. */
export interface OutsidePlaces {
  inodes: InodeOrder;
  outside: OutsideData;
  /** Holds the log of chunks, where there is one. */
  records?: TemporaryFile;
  /** Bytes of a block, where those of the devices decide. */
  blockSize?: number;
}

/**
 * Finds out where data lies in tar archives, which become devices.
 *
 * @param mapped data is to be in the image instead
 * @throws ImageError `INPUT` where it is not there as it is to be read
 */
export function placeInArchives({ tree, contents }: Staged, mapped: boolean): OutsidePlaces {
  if (!("kind" in contents) || contents.kind !== "archived") throw notThere("contents are not all in tar archives");
  const { places } = contents.ranges;
  const devices = places.map(toDevice);
  if (mapped && places.length > 1) throw notThere("a list of blocks is of a single archive");
  const inodes = orderInodes(tree);
  const outside = createOutside(mapped ? [] : devices, tree.length);
  const offsets = archiveOffsets(contents.ranges);
  for (const entry of inodes.order) {
    if (tree.kind(entry) !== S_IFREG || tree.size.view[entry] === 0) continue;
    const { place, offset } = offsets(entry);
    if (offset < 0) throw notThere("is sparse, so that its data is not there as it is to be read", tree.path(entry));
    if (offset % TAR_BLOCK !== 0) throw notThere(`its data starts at ${offset}`, tree.path(entry));
    if (!mapped) outside.device[entry] = place + 1;
    outside.startBlk![entry] = offset / TAR_BLOCK;
  }
  return { inodes, outside };
}

function toDevice({ shownPath, size, holder }: ArchivePlace): Device {
  if (holder === undefined) throw notThere("contents are not all in tar archives");
  if (holder.isUnpacked) {
    const why = "is compressed, so that data cannot stay in it; in a copy that is not it can (copyTo, --ungzip=FILE)";
    throw new ImageError("INPUT", `${shownPath}: ${why}`, { path: shownPath });
  }
  return { blocks: Math.ceil(size / TAR_BLOCK), tag: new Uint8Array(0), path: holder.path };
}

function notThere(why: string, path?: Uint8Array): ImageError {
  const shown = path && showBytes(path);
  const text = shown === undefined ? `tarIndex: ${why}` : `${shown}: ${why}`;
  return new ImageError("INPUT", text, shown === undefined ? {} : { path: shown });
}

/**
 * A line for each file that holds something, in the order of the image: its first block there, how many, where its data is in
 * the archive, and how many bytes at the end of the last block are to be zeros, if any; the last in decimal, the others not.
 */
function listBlocks(tree: Tree, { order }: InodeOrder, plan: ErofsPlan, outside: OutsideData): string {
  const { blockSize, startBlk } = plan;
  const files = order.filter((entry) => tree.kind(entry) === S_IFREG && tree.size.view[entry]! > 0);
  const hex = (value: number, filler: string) => value.toString(16).padStart(8, filler);
  const lineOf = (entry: number) => {
    const size = tree.size.view[entry]!;
    const blocks = Math.ceil(size / blockSize);
    const zeros = blocks * blockSize - size;
    const source = outside.startBlk![entry]! * TAR_BLOCK;
    const end = zeros > 0 ? ` ${String(zeros).padStart(8, "0")}` : "";
    return `${hex(startBlk[entry]!, "0")} ${hex(blocks, " ")} ${hex(source, "0")}${end}\n`;
  };
  return Array.from(
    files.sort((a, b) => startBlk[a]! - startBlk[b]!),
    lineOf,
  ).join("");
}
