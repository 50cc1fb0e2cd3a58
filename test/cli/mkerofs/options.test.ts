import { describe, expect, test } from "vitest";
import { type BuildCommand, parseOptions } from "../../../src/cli/mkerofs/options.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";
import { ALGORITHMS } from "../../../src/erofs/disk/algorithms.ts";
import { COMPRESSORS } from "../../../src/squashfs/disk/compressors.ts";

const parse = (line: string, env: Record<string, string> = {}) =>
  parseOptions(line === "" ? [] : line.split(" "), env) as BuildCommand;

const USAGE = `Usage: ts-mkerofs [OPTION]... IMAGE SOURCE...
       ts-mkerofs [OPTION]... --closure=FILE IMAGE [SOURCE]...
       ts-mkerofs [OPTION]... --closure-of IMAGE PATH...
       ts-mkerofs [OPTION]... --nar=FILE IMAGE
       ts-mkerofs [OPTION]... --manifest=FILE IMAGE
       ts-mkerofs [OPTION]... --tar IMAGE [ARCHIVE]...
       ts-mkerofs [OPTION]... --zip IMAGE ARCHIVE...`;

/** The build options of a command line, with a directory as source unless the line names a closure. */
const build = (line: string, env: Record<string, string> = {}) => parse(`${line} img src`.trim(), env).build;

describe("a command line", () => {
  test("has defaults", () => {
    expect(parse("img src")).toEqual({
      ...{ action: "build", image: "img", sources: ["src"], closure: undefined, closureOf: false, build: {} },
      ...{ keepAsDirectory: false, zip: false, copiesImages: false },
      ...{ json: false, progress: "auto", verbosity: 2, format: "erofs", hasRegexes: false, squashfs: {} },
      ...{ warnings: [], excludePaths: [], excludeRegexes: [], nameOf: expect.any(Function) },
    });
  });

  test.each([
    ["img src", { image: "img", sources: ["src"] }],
    ["-T0 - a b", { image: "-", sources: ["a", "b"] }],
    ["img a -T0 b", { image: "img", sources: ["a", "b"] }],
    ["-- -img -a", { image: "-img", sources: ["-a"] }],
    ["--closure=list img", { image: "img", sources: [], closure: "list" }],
    ["--closure - -", { image: "-", sources: [], closure: "-" }],
    ["--nix-closure=list img a b", { image: "img", sources: ["a", "b"], closure: "list" }],
    ["--nar=- img", { nar: "-", sources: [] }],
    [
      "--binary-cache=file:///c --trusted-public-keys=a:b img a",
      { binaryCache: "file:///c", trustedKeys: ["a:b"], sources: ["a"] },
    ],
    ["--keep-as-directory img a", { keepAsDirectory: true, sources: ["a"] }],
    ["--closure-of --nix-db-from=db img a b", { closureOf: true, nixDbFrom: "db", sources: ["a", "b"] }],
    ["--json --progress=never img a", { json: true, progress: "never" }],
    ["--quiet img a", { verbosity: 0 }],
    ["--quiet -d9 img a", { verbosity: 0 }],
    ["-d0 img a", { verbosity: 0 }],
    ["-d 7 img a", { verbosity: 7 }],
    ["-h", { action: "help" }],
    ["--help", { action: "help" }],
    ["img -V", { action: "version" }],
    ["-Vh --nope", { action: "version" }],
  ])("%s", (line, expected) => {
    expect(parse(line)).toMatchObject(expected);
  });

  test.each([
    ["", "IMAGE is missing", USAGE],
    ["img", "SOURCE is missing, or --closure", USAGE],
    ["--closure=list", "IMAGE is missing", USAGE],
    ["--closure-of img", "SOURCE is missing", USAGE],
    ["--binary-cache=c img", "SOURCE is missing", USAGE],
    ["--nar=a --binary-cache=c img a", "--nar and --binary-cache: only one of them"],
    ["--closure-of --closure=list img a", "--closure and --closure-of: only one of them"],
    ["--nope -h", "--nope: unknown option"],
    ["-q img src", "-q: unknown option"],
    ["--al img src", "--al: ambiguous, may be --all-time, --all-root"],
    ["--progress=x img src", '--progress: "x" is none of auto, always, never'],
    ["--quiett img src", "--quiett: unknown option", "Did you mean --quiet?"],
    ["-quiet img src", "-q: unknown option", "Did you mean --quiet?"],
    ["-all-root img src", "-a: unknown option", "Did you mean --all-root?"],
    ["--progress=nevr img src", '--progress: "nevr" is none of auto, always, never', "Did you mean never?"],
  ])("%s is refused: %s", (line, message, hint?: string) => {
    expect(() => parse(line)).toThrow(new UsageError(message, hint));
  });
});

describe("an option of the build", () => {
  test.each([
    ["--store-dir=/nix/store", { storeDir: "/nix/store" }],
    ["--registration", { registration: true }],
    ["--registration=var/reg --registration-out=reg", { registration: "var/reg", registrationOut: "reg" }],
    ["--scan-references", { scanReferences: true }],
    ["-b4k -b 512", { blockSize: 512 }],
    ["-zlz4", { compress: [{ algorithm: "lz4" }] }],
    ["-z lz4hc,12", { compress: [{ algorithm: "lz4hc", level: 12 }] }],
    [
      "-zzstd,level=9,dictsize=64K:deflate,3:lz4",
      {
        compress: [
          { algorithm: "zstd", level: 9, dictSize: 65536 },
          { algorithm: "deflate", level: 3 },
          { algorithm: "lz4" },
        ],
      },
    ],
    ["-zlz4 -C65536", { compress: [{ algorithm: "lz4" }], pclusterSize: 65536 }],
    ["-zlz4 -C 64k", { compress: [{ algorithm: "lz4" }], pclusterSize: 65536 }],
    ["-zlz4 -Eztailpacking,fragments", { compress: [{ algorithm: "lz4" }], tailPacking: true, fragments: "tails" }],
    ["-zlz4 -Efragments=64K", { compress: [{ algorithm: "lz4" }], fragments: "tails", packedPclusterSize: 65536 }],
    ["-zlz4 -Eall-fragments,^ztailpacking", { compress: [{ algorithm: "lz4" }], fragments: "all", tailPacking: false }],
    ["-zlz4 -Ededupe", { compress: [{ algorithm: "lz4" }], dedupeExtents: true }],
    ["-zlz4 -Ededupe,^dedupe", { compress: [{ algorithm: "lz4" }], dedupeExtents: false }],
    ["-zlz4 -Efragdedupe=inode", { compress: [{ algorithm: "lz4" }], dedupeFragments: true }],
    ["-zlz4 -Efragdedupe=full,^fragdedupe", { compress: [{ algorithm: "lz4" }], dedupeFragments: false }],
    [
      "-zlz4 -E48bit,ztailpacking,fragments,dedupe",
      {
        compress: [{ algorithm: "lz4" }],
        ...{ extentRecords: true, tailPacking: true, fragments: "tails", dedupeExtents: true },
      },
    ],
    [
      "-zlz4 -z zstd,9 -zlz4hc",
      { compress: [{ algorithm: "lz4" }, { algorithm: "zstd", level: 9 }, { algorithm: "lz4hc" }] },
    ],
    ["-zlibdeflate,12", { compress: [{ algorithm: "deflate", level: 12 }] }],
    ["-zlibdeflate", { compress: [{ algorithm: "deflate", level: 3 }] }],
    ["-zlibdeflate,level=1", { compress: [{ algorithm: "deflate", level: 3 }] }],
    ["-zdeflate,1", { compress: [{ algorithm: "deflate", level: 1 }] }],
    ["-zlz4 --max-extent-bytes=64k", { compress: [{ algorithm: "lz4" }], maxExtentBytes: 65536 }],
    ["-zlz4 --chunksize=65536", { compress: [{ algorithm: "lz4" }], chunkSize: 65536 }],
    ["-C65536 --max-extent-bytes=64k --zD -Eztailpacking,all-fragments=64k,48bit,legacy-compress,fragdedupe", {}],
    ["--clean --clean=data --MZ --MZ=0 --MZ=i --MZ=id --ovlfs-strip=0 --async-queue-limit=4096", {}],
    ["--ovlfs-strip", { overlay: "strip" }],
    ["--ovlfs-strip=0 --ovlfs-strip=1", { overlay: "strip" }],
    ["-Ededupe", { dedupeChunks: true }],
    ["-Ededupe,^dedupe", {}],
    ["-Ededupe --chunksize=65536", { dedupeChunks: true, chunkSize: 65536 }],
    ["-Edot-omitted", { omitDot: true }],
    ["-m4096", { metabox: true }],
    ["-m64k", { metabox: true }],
    ["-zlz4 -m4096", { compress: [{ algorithm: "lz4" }], metabox: { pclusterSize: 4096 } }],
    [
      "-m8k:zstd,level=9 -zlz4 -C64k",
      {
        compress: [{ algorithm: "zstd", level: 9 }, { algorithm: "lz4" }],
        ...{ metabox: { pclusterSize: 8192, algorithm: 0 }, pclusterSize: 65536 },
      },
    ],
    [
      "-zlz4 -m4096:deflate -m8192",
      { compress: [{ algorithm: "lz4" }, { algorithm: "deflate" }], metabox: { pclusterSize: 8192, algorithm: 1 } },
    ],
    [
      "-zlz4:zstd -m4096:1",
      { compress: [{ algorithm: "lz4" }, { algorithm: "zstd" }], metabox: { pclusterSize: 4096, algorithm: 1 } },
    ],
    ["-m4096:zstd", { compress: [{ algorithm: "zstd" }], metabox: { pclusterSize: 4096, algorithm: 0 } }],
    ["-Eplain-xattr-prefixes,dot-omitted,^dot-omitted", { plainXattrPrefixes: true, omitDot: false }],
    [
      "--root-xattr-isize=0x40 --fs-config-file=a --product-out=b",
      { rootXattrBytes: 64, fsConfigFile: "a", productOut: "b" },
    ],
    ["-zlz4 -Elegacy-compress", { compress: [{ algorithm: "lz4" }], fullIndexes: true }],
    ["-zlz4 -E48bit", { compress: [{ algorithm: "lz4" }], extentRecords: true }],
    ["-zlz4 --max-extent-bytes=20000", { compress: [{ algorithm: "lz4" }], maxExtentBytes: 20000 }],
    ["-zlz4 --zD", { compress: [{ algorithm: "lz4" }], compressDirectories: true }],
    ["-zlz4 --zD=0", { compress: [{ algorithm: "lz4" }], compressDirectories: false }],
    ["--target-kernel=6.1", { targetKernel: "6.1" }],
    ["-b 64K", { blockSize: 65536 }],
    ["-b 0x1000", { blockSize: 4096 }],
    ["-b 02000", { blockSize: 1024 }],
    ["-x5", { xattrTolerance: 5 }],
    ["-x -1", { xattrTolerance: -1 }],
    ["-Lnix-store", { label: "nix-store" }],
    ["-L ääääääa", { label: "ääääääa" }],
    ["-U eb176051-bd15-49b7-9e6b-462e0b467019", { uuid: "eb176051-bd15-49b7-9e6b-462e0b467019" }],
    ["-Uclear", { uuid: "00000000-0000-0000-0000-000000000000" }],
    ["--chunksize=4096", { chunkSize: 4096 }],
    ["-b512 --chunksize=512", { blockSize: 512, chunkSize: 512 }],
    ["--chunksize=0x100000 -b4096", { blockSize: 4096, chunkSize: 1048576 }],
    ["--dsunit=512", { dsunit: 512 }],
    ["--dsunit=0", { dsunit: 1 }],
    ["--fsalignblks=16", { fsAlignBlocks: 16 }],
    ["--fsalignblks=0", { fsAlignBlocks: 1 }],
    ["--exclude-path=a/b --exclude-path c", { exclude: { paths: ["a/b", "c"], regexes: [] } }],
    ["--exclude-regex=^a --exclude-path=b", { exclude: { paths: ["b"], regexes: ["^a"] } }],
    ["--all-root", { owner: "root" }],
    ["--force-uid=0 --force-gid=0", { owner: "root" }],
    ["--force-uid=1000", { owner: { uid: 1000 } }],
    ["--force-gid=0x64", { owner: { gid: 100 } }],
    ["--all-root --force-uid=7", { owner: { uid: 7, gid: 0 } }],
    ["--force-uid=7 --all-root", { owner: "root" }],
    ["--force-uid=1 --force-gid=2 --force-uid=3", { owner: { uid: 3, gid: 2 } }],
    ["--uid-offset=100000 --gid-offset=200000", { uidOffset: 100000, gidOffset: 200000 }],
    ["--chmod=bin/*=0755", { chmod: [{ pattern: "bin/*", mode: "0755" }] }],
    ["--chmod=a=u=rwx,go=r", { chmod: [{ pattern: "a", mode: "u=rwx,go=r" }] }],
    [
      "--chmod=a=b=755 --chmod /=+t",
      {
        chmod: [
          { pattern: "a=b", mode: "755" },
          { pattern: "/", mode: "+t" },
        ],
      },
    ],
    ["--hard-dereference", { hardLinks: "copy" }],
    ["--one-file-system", { oneFileSystem: true }],
    ["--ignore-mtime", { ignoreMtime: true }],
    ["--ignore-mtime --preserve-mtime", { ignoreMtime: false }],
    ["--mount-point=/nix/store", { mountPoint: "/nix/store" }],
    ["--mount-point=/nix/store/", { mountPoint: "/nix/store" }],
    ["--mount-point=/", { mountPoint: "/" }],
    ["--offset=65536", { offset: 65536 }],
    ["--sort=none", {}],
    ["--sort path", {}],
    ["--workers=4", { workers: 4 }],
    ["--work=4", { workers: 4 }],
    ["--workers=0", { workers: 1 }],
    ["--workers=4000000000", { workers: 64 }],
    ["--dedupe=none", { dedupe: "none" }],
    ["-Enoinline_data", { inlineData: false }],
    ["-E^inline_data", { inlineData: false }],
    ["-E^inline_data,inline_data", { inlineData: true }],
    ["-Eforce-inode-compact", { inodes: "compact", ignoreMtime: true }],
    ["-Eforce-inode-compact --preserve-mtime", { inodes: "compact", ignoreMtime: false }],
    ["-E force-inode-extended", { inodes: "extended" }],
    ["-Eforce-chunk-indexes", { chunkIndexes: true }],
    ["-Eforce-chunk-indexes -Eforce-inode-blockmap", { chunkIndexes: false }],
    ["-Enosbcrc,^xattr-name-filter,", { checksum: false, xattrFilter: false }],
    ["-Exattr-name-filter", { xattrFilter: true }],
  ])("%s", (line, expected) => {
    expect(build(line)).toEqual(expected);
  });

  test("-U random is another UUID each time", () => {
    expect(build("-U random").uuid).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
    expect(build("-U random").uuid).not.toBe(build("-U random").uuid);
  });

  test.each([
    ["-b 5000", "-b: 5000 is not a power of two"],
    ["-b 256", "-b: 256 is not in 512..65536"],
    ["-b 128k", "-b: 128k is not in 512..65536"],
    ["-b 4kb", '-b: "4kb" is not a number'],
    ["-b k", '-b: "k" is not a number'],
    ["-b=4096", '-b: "=4096" is not a number'],
    ["-d10", "-d: 10 is not in 0..9"],
    ["-d-1", "-d: -1 is not in 0..9"],
    ["-dx", '-d: "x" is not a number'],
    ["-x1.5", '-x: "1.5" is not a number'],
    ["-x1k", '-x: "1k" is not a number'],
    ["-T -1", "-T: -1 is not in 0..9007199254740991"],
    ["-T 9007199254740992", "-T: 9007199254740992 is not in 0..9007199254740991"],
    ["-T 1e3", '-T: "1e3" is not a number'],
    ["-T 08", '-T: "08" is not a number'],
    ["-T 0x", '-T: "0x" is not a number'],
    ["-T=0", '-T: "=0" is not a number'],
    ["-L 0123456789abcdef", '-L: "0123456789abcdef" is longer than 15 bytes'],
    ["-L ääääääää", '-L: "ääääääää" is longer than 15 bytes'],
    ["-U eb176051", '-U: "eb176051" is no UUID, "clear" or "random"'],
    ["--chunksize=5000", "--chunksize: 5000 is not a power of two"],
    ["--chunksize=2048", "--chunksize: 2048 is less than the block size, 4096"],
    ["--chunksize=4k", '--chunksize: "4k" is not a number'],
    ["--chunksize=0", "--chunksize: 0 is not in 512..1073741824"],
    ["--force-uid=4294967295", "--force-uid: 4294967295 is not in 0..4294967294"],
    ["--force-gid=-1", "--force-gid: -1 is not in 0..4294967294"],
    ["--chmod=bin", '--chmod: "bin" is no PATTERN=MODE, such as "bin/*=0755" or "*.sh=a+x"'],
    ["--chmod==755", '--chmod: "=755" is no PATTERN=MODE, such as "bin/*=0755" or "*.sh=a+x"'],
    ["--chmod=bin=855", '--chmod: "bin=855" is no PATTERN=MODE, such as "bin/*=0755" or "*.sh=a+x"'],
    ["--chmod=[[:x:]]=755", 'pattern "[[:x:]]": no class [:x:]'],
    ["--uid-offset=-1", "--uid-offset: -1 is not in 0..4294967295"],
    ["--workers=", '--workers: "" is not a number'],
    ["--sort=size", '--sort: "size" is none of path, none'],
    ["--dedupe=block", '--dedupe: "block" is none of none, file'],
    ["-Enope", '-E: "nope" is no feature that can be set'],
    ["-E^nosbcrc", '-E: "^nosbcrc" is no feature that can be set'],
    ["-Enosbcrc=1", '-E: "nosbcrc=1" is no feature that can be set'],
    ["-Ededupe=force", '-E: "dedupe=force" is no feature that can be set'],
    ["-Edeupe", '-E: "deupe" is no feature that can be set', "Did you mean dedupe?"],
    ["-Etailpacking", '-E: "tailpacking" is no feature that can be set', "Did you mean ztailpacking?"],
    ["-Efragments=1", "-E fragments: 1 is not in 512..1048576"],
    ["-zgzip", "-z gzip: not for EROFS"],
    ["-zlz4h", `-z: "lz4h" is none of ${Object.keys(ALGORITHMS).join(", ")}`, "Did you mean lz4?"],
    ["-Efragdedupe=some", '-E fragdedupe: "some" is none of full, inode'],
    ["-E^fragdedupe=inode", '-E: "^fragdedupe=inode" is no feature that can be set'],
    ["-zlz4 --compress-hints=", '--compress-hints: "" is no file'],
    // Was a bug: the next word was taken for the number, and nothing said but that a source is missing.
    ["-b", '-b: "img" is not a number'],
    ["-m4096:lz5", `-m: "lz5" is none of ${Object.keys(ALGORITHMS).join(", ")}`, "Did you mean lz4?"],
    ["-m4096:lz4,speed=1", '-m: "speed=1" says nothing about lz4'],
    ["-m4096:lz4:zstd", '-m: "lz4:zstd" is more than one algorithm'],
    ["-m0", "-m: 0 is not in 1..1048576"],
    ["-mx", '-m: "x" is not a number'],
    ["-m5000", "-m cluster size: 5000 is no multiple of the block size, 4096"],
    ["--format=squashfs -m4096", "-m: not for SquashFS"],
    ["--MZ=d", '--MZ: "d": directories only with inodes, id'],
    ["--MZ=x", '--MZ: "x" is none of 0, i, id'],
    ["--clean=rvsp", '--clean: "rvsp" is none of data'],
    ["--oci=f", "--oci: nothing is read from the network: make a folder of it first"],
    ["--s3=host", "--s3: nothing is read from the network: make a folder of it first"],
    [
      "--zfeature-bits=2",
      "--zfeature-bits: its bits have a meaning in one version of mkfs.erofs only: name the features by -E",
    ],
    ["--incr=data", "--incremental: nothing is added to an image that is there: images are made anew, whole"],
  ])("%s is refused: %s", (line, message, hint?: string) => {
    expect(() => build(line)).toThrow(new UsageError(message, hint));
  });
});

test.each([
  ["-C65536", ["-C has no effect without -z"]],
  ["--compress-hints=x", ["--compress-hints has no effect without -z"]],
  ["-Efragments,^fragments,48bit", ["-E 48bit has no effect without -z"]],
  ["-E^48bit,^dedupe --zD=0", []],
  ["-C65536 -zlz4", []],
])("%s says %j", (line, warnings) => {
  expect(parse(`${line} img src`).warnings).toEqual(warnings);
});

describe("times", () => {
  test.each([
    ["img src", {}, {}],
    ["-T 5 img src", {}, { timestamp: 5, times: "fixed" }],
    ["-T5 --all-time img src", {}, { timestamp: 5, times: "fixed" }],
    ["--mkfs-time -T5 img src", {}, { timestamp: 5, times: "keep" }],
    ["--mkfs-time -T5 --all-time img src", {}, { timestamp: 5, times: "fixed" }],
    ["--mkfs-time img src", {}, { times: "keep" }],
    ["-T 9007199254740991 img src", {}, { timestamp: Number.MAX_SAFE_INTEGER, times: "fixed" }],
    ["img src", { SOURCE_DATE_EPOCH: "7" }, { timestamp: 7, times: "clamp" }],
    ["img src", { SOURCE_DATE_EPOCH: "007" }, { timestamp: 7, times: "clamp" }],
    ["-T5 img src", { SOURCE_DATE_EPOCH: "7" }, { timestamp: 5, times: "fixed" }],
    ["-T5 --mkfs-time img src", { SOURCE_DATE_EPOCH: "7" }, { timestamp: 5, times: "keep" }],
    ["--all-time img src", { SOURCE_DATE_EPOCH: "7" }, { timestamp: 7, times: "fixed" }],
    ["--mkfs-time img src", { SOURCE_DATE_EPOCH: "7" }, { timestamp: 7, times: "keep" }],
    ["--preserve-mtime img src", {}, { ignoreMtime: false }],
    ["--preserve-mtime img src", { SOURCE_DATE_EPOCH: "7" }, { ignoreMtime: false, timestamp: 7, times: "clamp" }],
    ["--preserve-mtime img a b", {}, { ignoreMtime: false, times: "keep" }],
    ["--preserve-mtime --closure=c img", {}, { ignoreMtime: false, times: "keep" }],
    ["--preserve-mtime -T5 img a b", {}, { ignoreMtime: false, timestamp: 5, times: "fixed" }],
    ["--preserve-mtime --ignore-mtime img a b", {}, { ignoreMtime: true }],
    ["img a b", {}, {}],
  ])("%s with %j", (line, env, expected) => {
    expect(parse(line, env).build).toEqual(expected);
  });

  test("--all-time never asks the clock", () => {
    expect(() => parse("--all-time img src")).toThrow(
      new UsageError("--all-time: needs -T or SOURCE_DATE_EPOCH, as the clock is never read"),
    );
  });

  test.each(["x", "-1", "1.5", "0x10", " 1", "9007199254740992"])("SOURCE_DATE_EPOCH=%j is refused", (value) => {
    const message = `SOURCE_DATE_EPOCH: ${JSON.stringify(value)} is not a number of seconds`;
    expect(() => parse("-T0 img src", { SOURCE_DATE_EPOCH: value })).toThrow(new UsageError(message));
  });
});

describe("--format=squashfs", () => {
  const squashfs = (line: string) => parse(`${line} img src`).squashfs;

  test("takes what means something there", () => {
    expect(parse("--format=squashfs img src")).toMatchObject({ format: "squashfs", squashfs: {} });
    expect(squashfs("--format=squashfs -b 1m -zzstd,19 -x-1 --all-root -T5 --offset=4096 --dedupe=none")).toMatchObject(
      {
        ...{
          blockSize: 1 << 20,
          compressor: "zstd",
          level: 19,
          xattrs: false,
          owner: "root",
          timestamp: 5,
          times: "fixed",
        },
        ...{ offset: 4096, dedupe: "none" },
      },
    );
    expect(squashfs("-z gzip --format=squashfs")).toEqual({ compressor: "gzip" });
    expect(squashfs("-z lz4hc,level=9 --format=squashfs")).toEqual({ compressor: "lz4hc", level: 9 });
    expect(squashfs("-z lzo1x_1_15 --format=squashfs")).toEqual({ compressor: "lzo1x_1_15" });
  });

  test.each([
    ["-L x", "-L: not for SquashFS"],
    ["--chunksize=4096", "--chunksize: not for SquashFS"],
    ["-Enosbcrc", "-E nosbcrc: not for SquashFS"],
    ["-x2", "-x: for SquashFS only -x-1, which stores no attributes"],
    ["-b 512", "-b: 512 is not in 4096..1048576"],
    ["-z zip", `-z: "zip" is none of ${Object.keys(COMPRESSORS).join(", ")}`, "Did you mean gzip?"],
    ["-z deflate", "-z deflate: not for SquashFS"],
    ["-z libdeflate", "-z deflate: not for SquashFS"],
    ["-z zstd -z gzip", "-z: an image of SquashFS has one compressor, not zstd:gzip"],
    ["--zD=0", "--zD: not for SquashFS"],
    ["-Ededupe", "-E dedupe: not for SquashFS"],
    ["-E^48bit", "-E ^48bit: not for SquashFS"],
    ["--preserve-mtime", "--preserve-mtime: not for SquashFS"],
    ["--format=squash", '--format: "squash" is none of erofs, squashfs', "Did you mean squashfs?"],
    ["-z zstd,1,2", '-z: "zstd,1,2" is not NAME[,LEVEL]'],
    ["-z zstd,x", '-z: "x" is not a number'],
  ])("refuses %s", (line, message, hint?: string) => {
    expect(() => squashfs(`--format=squashfs ${line}`)).toThrow(new UsageError(message, hint));
  });
});
