/** Where the data of files lies in EROFS images, which become devices of a new one. */
import { showBytes, toHex } from "../../core/bytes.ts";
import { Column } from "../../core/column.ts";
import { ImageError } from "../../core/error.ts";
import { SpillFile } from "../../core/node/node-spill.ts";
import type { TemporaryFile } from "../../core/node/node-temporary.ts";
import type { JobContext } from "../../core/threads/threads.ts";
import { ByteLog } from "../../erofs/compress/extent-log.ts";
import { LAYOUT_CHUNK, LAYOUT_PLAIN, NULL_BLOCK } from "../../erofs/disk/format.ts";
import { EXTENT_PLACED } from "../../erofs/disk/lcluster.ts";
import type { Device } from "../../erofs/disk/superblock.ts";
import { createScattered } from "../../erofs/plan/outside.ts";
import { wholeBits } from "../../erofs/plan/stored.ts";
import { chunkList } from "../../inspect/erofs/contents/chunk-map.ts";
import type { Extent } from "../../inspect/erofs/contents/extent.ts";
import { eachExtent } from "../../inspect/erofs/contents/file-map.ts";
import type { ErofsImage } from "../../inspect/erofs/image.ts";
import { type ErofsInode, isCompressedInode } from "../../inspect/erofs/inode.ts";
import { orderInodes } from "../../stage/tree/order.ts";
import { S_IFREG } from "../../stage/tree/tree.ts";
import type { Staged } from "../session.ts";
import { OpenImage } from "../source/images/open-image.ts";
import type { OutsidePlaces } from "./outside.ts";

/** Bytes of the log that are kept before they are written. */
const LOG_BYTES = 1 << 20;

/**
 * Finds out where data lies in images.
 *
 * @param records gets a log of all chunks
 * @throws ImageError `INPUT` where data is in no blocks of its own, or images cannot be devices of one
 */
export async function placeInImages(job: JobContext, staged: Staged, records: TemporaryFile): Promise<OutsidePlaces> {
  const { tree, contents } = staged;
  if (!("kind" in contents) || contents.kind !== "images")
    throw new ImageError("INTERNAL", "contents are in no images");
  const { places, imageOf, nids } = contents.images;
  const [numbers, nidOf] = [new Column(Uint32Array, imageOf).view, new Column(Float64Array, nids).view];
  const images: OpenImage[] = [];
  const log = new ChunkLog(new SpillFile(records.path, records.shownPath));
  try {
    for (const place of places) images.push(await OpenImage.open(place));
    const devices = listDevices(
      images.map(({ reader }) => reader.image),
      places.map(({ shownPath }) => shownPath),
    );
    const { blockSize } = images[0]!.reader.image;
    const inodes = orderInodes(tree);
    const outside = createScattered(devices, tree.length);
    for (const entry of inodes.order) {
      if (tree.kind(entry) !== S_IFREG || tree.size.view[entry] === 0) continue;
      const number = numbers[entry]!;
      outside.device[entry] = number + 1;
      outside.chunks!.recordOff[entry] = log.end;
      outside.chunks!.bits[entry] = await images[number]!.use(async (reader) => {
        const refuse = (why: string) => {
          const path = places[number]!.shownPath;
          return new ImageError("INPUT", `${path}: ${showBytes(tree.path(entry))}: ${why}`, { path });
        };
        return log.add(reader.image, await reader.inode(nidOf[entry]!), refuse);
      });
      const breathing = job.breathe(1);
      if (breathing !== undefined) await breathing;
    }
    log.flush();
    return { inodes, outside, records, blockSize };
  } finally {
    log.release();
    for (const { file } of images) file.release();
  }
}

/** The devices that images are, or that they have, one each. */
function listDevices(images: readonly ErofsImage[], paths: readonly string[]): Device[] {
  const [first] = images;
  const counts = images.map(({ devices }) => devices.length);
  return images.map((image, index) => {
    const path = paths[index]!;
    const fail = (why: string) => new ImageError("INPUT", `${path}: ${why}`, { path });
    if (image.blockSize !== first!.blockSize)
      throw fail(`has blocks of ${image.blockSize} bytes, those before it of ${first!.blockSize}`);
    if (counts[index]! > 1)
      throw fail(`has data in ${counts[index]} devices; one that is merged may have a single one`);
    if (counts[index] !== counts[0])
      throw fail("has data in another device, and others have it in themselves, or the reverse");
    const name = toHex(image.uuid);
    const own = image.devices[0];
    const tag = own !== undefined && own.tag[0] !== 0 ? own.tag : new TextEncoder().encode(name);
    return own ? { blocks: own.blocks, tag } : { blocks: image.blocks, tag, path };
  });
}

/** Notes where each chunk lies. */
class ChunkLog {
  readonly #file: SpillFile;
  readonly #log = new ByteLog();
  #written = 0;

  constructor(file: SpillFile) {
    this.#file = file;
  }

  /** Where what is added next starts. */
  get end(): number {
    return this.#written + this.#log.length;
  }

  /** Adds the chunks of a file; returns log2 of the blocks of one. */
  async add(image: ErofsImage, inode: ErofsInode, refuse: (why: string) => ImageError): Promise<number> {
    const { blockSize, devices } = image;
    const source = devices.length > 0 ? "device" : "blocks";
    if (isCompressedInode(inode)) throw refuse("is compressed, so that no other image can refer to its data");
    const isChunked = inode.layout === LAYOUT_CHUNK;
    if (!isChunked && inode.layout !== LAYOUT_PLAIN)
      throw refuse("its end is beside its inode, where no other image can refer to it");
    const bits = isChunked
      ? Math.log2(chunkList(image, inode).chunkBytes / blockSize)
      : wholeBits(inode.size, blockSize);
    await eachExtent(image, inode, (extent) => {
      if (extent.source !== "hole" && extent.source !== source)
        throw refuse("has data in its image, though that has it in another device");
      this.#addExtent(extent, blockSize, blockSize * 2 ** bits);
    });
    return bits;
  }

  #addExtent({ source, at, length }: Extent, blockSize: number, chunkBytes: number): void {
    for (let done = 0; done < length; done += chunkBytes) {
      const blk = source === "hole" ? NULL_BLOCK : (at + done) / blockSize;
      this.#log.appendExtent(0, 0, EXTENT_PLACED, blk);
    }
    if (this.#log.length >= LOG_BYTES) this.flush();
  }

  flush(): void {
    this.#file.writeAt(this.#log.bytes, this.#written);
    this.#written += this.#log.length;
    this.#log.clear();
  }

  release(): void {
    this.#file.release();
  }
}
