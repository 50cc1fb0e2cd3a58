/**
 * The description of an image with its devices as one disk, as virtual machines read it: a text file of VMDK, whose extents
 * are files that lie one behind the other on the disk. Source: VMware's "Virtual Disk Format 5.0".
 *
 *     RW 4194304 FLAT "image" 0          sectors, the file that has them, the sector in it that is the first
 *     RW 100 FLAT "image" 4194304
 *     RW 2360 FLAT "blob" 0
 */
import { encodeUtf8 } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { pathFrom } from "../../core/node/node-target.ts";
import { OptionError } from "../../core/options/option-error.ts";
import type { BuildOptions } from "../options.ts";
import type { BuildReport } from "../report.ts";
import type { ImageTarget } from "../target/target.ts";

/** Bytes of a sector, and most sectors of an extent. */
const [SECTOR, MOST_SECTORS] = [512, 2 ** 22] as const;
/** What the disk says of its shape. */
const [HEADS, SECTORS_PER_TRACK] = [16, 63] as const;

/** A part of the disk. */
interface DiskPart {
  file: string;
  bytes: number;
  /** Where it starts in the file. */
  offset: number;
}

/**
 * What makes the description of an image when it is there.
 *
 * @param descriptor the file that gets it
 * @param image as the caller has named it
 * @throws ImageError `INPUT` for an image that no description can name
 */
export function describeAs(
  { blobDevice, offset = 0 }: BuildOptions,
  descriptor: string,
  image: ImageTarget,
): (report: BuildReport) => Uint8Array {
  const fail = (why: string) => new OptionError("vmdkDescriptor", why);
  if (typeof image !== "string") throw fail("the image is no file");
  if (blobDevice !== undefined) nameIn(descriptor, blobDevice);
  if (offset % SECTOR !== 0) throw fail(`the image starts at ${offset}, which is no multiple of ${SECTOR}`);
  const file = nameIn(descriptor, image);
  return ({ blocks, blockSize, uuid, devices }) => {
    // a hash tree behind the image is no part of the disk: devices begin where the image ends
    const bytes = blocks * blockSize;
    const others = devices.map((each) => ({ file: nameIn(descriptor, each.path!), bytes: each.bytes, offset: 0 }));
    return encodeUtf8(describeDisk(uuid, [{ file, bytes, offset }, ...others]));
  };
}

/** How a description calls a file. */
function nameIn(descriptor: string, path: string): string {
  const name = pathFrom(descriptor, path);
  if (/["\n\r]/.test(name)) throw new ImageError("INPUT", `${path}: a description of disks cannot name it`, { path });
  return name;
}

/** The description of a disk that consists of these parts. */
export function describeDisk(uuid: string, parts: readonly DiskPart[]): string {
  const sectors = parts.reduce((sum, { bytes }) => sum + bytes / SECTOR, 0);
  const cylinders = Math.ceil(sectors / (HEADS * SECTORS_PER_TRACK));
  return [
    "# Disk DescriptorFile",
    "version=1",
    `CID=${contentId(uuid)}`,
    "parentCID=ffffffff",
    'createType="twoGbMaxExtentFlat"',
    "",
    "# Extent description",
    ...parts.flatMap(extentLines),
    "",
    "# The Disk Data Base",
    "#DDB",
    "",
    'ddb.virtualHWVersion = "4"',
    `ddb.geometry.cylinders = "${cylinders}"`,
    `ddb.geometry.heads = "${HEADS}"`,
    `ddb.geometry.sectors = "${SECTORS_PER_TRACK}"`,
    'ddb.adapterType = "ide"',
    "",
  ].join("\n");
}

function extentLines({ file, bytes, offset }: DiskPart): string[] {
  const lines: string[] = [];
  const sectors = bytes / SECTOR;
  for (let done = 0; done < sectors; done += MOST_SECTORS) {
    const count = Math.min(MOST_SECTORS, sectors - done);
    lines.push(`RW ${count} FLAT "${file}" ${offset / SECTOR + done}`);
  }
  return lines;
}

/** By what a reader sees that a disk has changed: the four words of the UUID, little-endian, in one. */
function contentId(uuid: string): string {
  const bytes = uuid.replaceAll("-", "").match(/../g)!;
  const words = [0, 4, 8, 12].map((at) =>
    Number.parseInt(
      bytes
        .slice(at, at + 4)
        .reverse()
        .join(""),
      16,
    ),
  );
  return (words.reduce((all, word) => all ^ word, 0) >>> 0).toString(16);
}
