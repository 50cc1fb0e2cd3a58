/** The build of an EROFS image: of segments (PlainBuild), or compressed (CompressedBuild). */

import { encodeUtf8 } from "../core/bytes.ts";
import { OptionError } from "../core/options/option-error.ts";
import type { Sink } from "../core/sink.ts";
import type { Compression } from "../erofs/compress-options.ts";
import type { Device } from "../erofs/disk/superblock.ts";
import { type ErofsSettings, findWriting, resolveErofsOptions } from "../erofs/options.ts";
import { describeImage } from "../erofs/report.ts";
import { checkTargetKernel } from "../erofs/target-kernel.ts";
import type { Source } from "../stage/source/source.ts";
import { checkSortFlags, FILE_RAW } from "../stage/tree/file-order.ts";
import { withDeviceBeside, withFileBeside } from "./beside/files.ts";
import type { Ignored } from "./compare/metadata.ts";
import type { Expectation } from "./compare/verify-build.ts";
import { type BuildOptions, checkErofsOptions } from "./options.ts";
import type { OutsidePlaces } from "./outside/outside.ts";
import type { BuildReport, MadeImage } from "./report.ts";
import { BuildSession, type OpenSource, type Staged } from "./session.ts";
import { isImages } from "./source/images/images-source.ts";
import { toSource } from "./source/to-source.ts";
import { makeImageFile } from "./target/image-file.ts";
import type { ImageTarget, SharedTarget } from "./target/target.ts";

/**
 * Builds an EROFS image of `source` in `out`.
 *
 * @param source an array of paths, each a top-level entry under its base name (a closure), or a Source:
 *   `directory()`, `closure()`, `entries()`
 * @param out a path (written beside it and renamed; a block device is written in place), a Sink, or a WritableStream,
 *   which gets the image front to back
 * @throws ImageError; the target is then as it was. What a caller's own Sink, stream or callback throws is passed on
 */
export async function buildErofs(
  source: readonly (string | Uint8Array)[] | Source,
  out: string | Sink | WritableStream<Uint8Array>,
  options: BuildOptions = {},
): Promise<BuildReport> {
  checkErofsOptions(options);
  return new ErofsBuild(toSource(source), options).run(out);
}

class ErofsBuild {
  readonly #options: BuildOptions;
  readonly #settings: ErofsSettings;
  readonly #session: BuildSession;
  /** Where data of files stays, if it does. */
  readonly #outside: "device" | "map" | "images" | undefined;

  constructor(source: Source, options: BuildOptions) {
    this.#options = options;
    this.#settings = resolveErofsOptions(options);
    checkSortFlags(options.sort ?? [], this.#settings.compression ? FILE_RAW : 0);
    const { compression } = this.#settings;
    this.#outside = isImages(source) && source.refers ? "images" : this.#settings.tarIndex;
    if (this.#outside === "images") checkImageOptions(options);
    if (this.#outside === "map" && options.verity)
      throw new OptionError(
        "verity",
        (name) => `${name("tarIndex")} leaves blocks free that are filled later, and hashed then`,
      );
    // each algorithm, and what looks quickly whether it is worth while
    this.#session = new BuildSession(source, options, compression ? compression.algorithms.length + 1 : 0, {
      isNone: this.#settings.xattrTolerance < 0,
      holdsContents: this.#outside === undefined,
    });
  }

  async run(target: ImageTarget): Promise<BuildReport> {
    const session = this.#session;
    const { compression } = this.#settings;
    const out = session.place(target);
    const { blobDevice, vmdkDescriptor, tarIndex } = this.#options;
    const map = typeof tarIndex === "string" ? session.place(tarIndex) : undefined;
    const device = blobDevice && session.place(blobDevice);
    const descriptor = vmdkDescriptor && session.place(vmdkDescriptor);
    const make = async (source: OpenSource): Promise<BuildReport> => {
      const made = await (this.#outside
        ? this.#index(source, out, this.#outside, map)
        : compression
          ? this.#compress(source, out, compression, device)
          : this.#pack(source, out));
      const { unmatched, excluded, bytes, verity, ...written } = made;
      return {
        ...describeImage(written),
        bytes,
        verity,
        mountPoint: this.#options.mountPoint,
        excluded,
        unmatchedRules: [...unmatched, ...session.unmatchedExcludes],
        ...session.describe(source),
        seconds: session.seconds,
      };
    };
    const files = [
      ...(device === undefined ? [] : [{ path: device, what: "the device for its data", isOwn: true }]),
      ...(map === undefined ? [] : [{ path: map, what: "the list of its blocks", isOwn: true }]),
      ...(descriptor === undefined ? [] : [{ path: descriptor, what: "its description", isOwn: true }]),
    ];
    if (descriptor === undefined) return session.build(out, make, files);
    const { describeAs } = await import("./beside/vmdk.ts");
    const describe = describeAs(this.#options, descriptor, target);
    return session.build(out, (source) => withFileBeside(session, descriptor, () => make(source), describe), files);
  }

  /** Each way to build is loaded where it is used: to read the other one would be a third of the time of a small build. */
  async #pack(source: OpenSource, out: ImageTarget): Promise<MadeImage> {
    const { PlainBuild } = await import("./erofs-plain.ts");
    const sort = this.#options.sort ?? [];
    const build = new PlainBuild(this.#session, this.#settings, sort);
    // what is listed first does not find the new file in it
    const isStraight = PlainBuild.isStraight(source, sort) && this.#settings.fingerprint === undefined;
    // digests are taken of contents that are there
    const canWait = sort.length === 0 && this.#settings.fingerprint === undefined;
    const staged = isStraight ? undefined : await source.stage(canWait);
    return makeImageFile(
      this.#session,
      out,
      (image) => (staged ? build.packTree(staged, image) : build.packClosure(source, image)),
      staged && this.#expect(staged),
    );
  }

  /** What the image is to hold, where it is to be verified. @param devices see {@link Expectation} */
  #expect(staged: Staged, devices: readonly string[] | undefined = []): Expectation | undefined {
    if (!this.#options.verify) return undefined;
    const { ignoreMtime, inodes, xattrTolerance, fingerprint } = this.#settings;
    const ignored = new Set<Ignored>();
    // compact inodes have the image's time
    if (ignoreMtime || inodes === "compact") ignored.add("mtime");
    if (xattrTolerance < 0) ignored.add("xattr");
    return { staged, rules: { ignored, isSquashfs: false, ownXattr: fingerprint?.prefix }, devices };
  }

  async #compress(
    source: OpenSource,
    out: ImageTarget,
    compression: Compression,
    device: string | undefined,
  ): Promise<MadeImage> {
    const { CompressedBuild } = await import("./erofs-compressed.ts");
    const build = new CompressedBuild(this.#session, this.#settings, compression, this.#options.sort ?? []);
    const staged = await source.stage();
    const make = (data?: SharedTarget) =>
      makeImageFile(
        this.#session,
        out,
        (image, temporary) => build.run(staged, image, temporary, data),
        this.#expect(staged, data ? [data.path] : []),
      );
    if (device === undefined) return make();
    const lengthOf = ({ superblock: { devices, blockSize } }: MadeImage) => devices![0]!.blocks * blockSize;
    const made = await withDeviceBeside(this.#session, device, make, lengthOf);
    const devices = made.superblock.devices!.map((each) => ({ ...each, path: this.#options.blobDevice }));
    return { ...made, superblock: { ...made.superblock, devices } };
  }

  async #placeInImages(staged: Staged): Promise<OutsidePlaces> {
    const { placeInImages } = await import("./outside/images.ts");
    const session = this.#session;
    const records = session.temporary.createHidden();
    const places = await session.here((job) => placeInImages(job, staged, records));
    const { blockSize = places.blockSize, targetKernel } = this.#options;
    if (blockSize !== places.blockSize)
      throw new OptionError("blockSize", `${blockSize} is not that of the images, ${places.blockSize}`);
    checkTargetKernel(targetKernel, undefined, { blockSize: places.blockSize!, hasChunks: true, hasDevices: true });
    return places;
  }

  /** @param map the file that gets the list of blocks, if there is to be one */
  async #index(
    source: OpenSource,
    out: ImageTarget,
    outside: "device" | "map" | "images",
    map: string | undefined,
  ): Promise<MadeImage> {
    const { OutsideBuild, placeInArchives } = await import("./outside/outside.ts");
    const build = new OutsideBuild(this.#session, this.#settings, this.#options.sort ?? []);
    const staged = await source.stage();
    const places =
      outside === "images" ? await this.#placeInImages(staged) : placeInArchives(staged, outside === "map");
    if (this.#options.vmdkDescriptor !== undefined) checkNamed(places.outside.devices);
    const make = () =>
      makeImageFile(
        this.#session,
        out,
        (image, temporary) => build.run(staged, places, image, temporary),
        this.#expect(staged, pathsOf(places)),
      );
    return map === undefined ? make() : withFileBeside(this.#session, map, make, (made) => encodeUtf8(made.map));
  }
}

/** Where the devices are that data stays in; undefined: not all of them are files, or none of it is to be found. */
function pathsOf({ outside: { devices } }: OutsidePlaces): string[] | undefined {
  const paths = devices.flatMap(({ path }) => path ?? []);
  return paths.length > 0 && paths.length === devices.length ? paths : undefined;
}

/** Of data that stays in images nothing is written. */
function checkImageOptions(options: BuildOptions): void {
  const given = options.tarIndex ? "tarIndex" : findWriting(options);
  if (given !== undefined)
    throw new OptionError(given, "the data of EROFS images stays where it is, unless it is copied (--clean)");
}

/** A description of disks names every file. */
function checkNamed(devices: readonly Device[]): void {
  const number = devices.findIndex(({ path }) => path === undefined) + 1;
  if (number > 0) throw new OptionError("vmdkDescriptor", `device ${number} is no file`);
}
