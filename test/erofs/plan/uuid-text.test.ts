import { describe, expect, it } from "vitest";
import { resolveErofsOptions } from "../../../src/erofs/options.ts";
import { uuidText } from "../../../src/erofs/plan/uuid-text.ts";
import type { SortRule } from "../../../src/stage/tree/file-order.ts";

const time = { epoch: 1, fixedNsec: 2, buildTime: 3 };

describe("the text of options in the derived UUID", () => {
  it("is the one that images have been made with, for the defaults", () => {
    expect(uuidText(resolveErofsOptions({}), time, [])).toBe(
      '[1,{"label":[],"uuid":0,"blockSize":4096,"xattrTolerance":2,"xattrFilter":true,"inlineData":true,"inodes":"auto",' +
        '"chunkIndexes":false,"checksum":true,"dedupe":true,"dsunit":1,"fsAlignBlocks":1,"ignoreMtime":false},' +
        '{"epoch":1,"fixedNsec":2,"buildTime":3}]',
    );
  });

  it("is the one that images have been made with, for every option of plain images", () => {
    const settings = resolveErofsOptions({
      label: "Ä",
      uuid: "00000000-0000-0000-0000-000000000000",
      blockSize: 512,
      xattrTolerance: -1,
      xattrFilter: false,
      inlineData: false,
      inodes: "compact",
      chunkSize: 1024,
      chunkIndexes: true,
      checksum: false,
      dedupe: "none",
      dsunit: 2,
      fsAlignBlocks: 3,
      targetKernel: "6.12",
    });
    const sort: SortRule[] = [{ match: "glob", path: "a/\xff*", flags: 1, order: -5 }];
    expect(uuidText(settings, time, sort)).toBe(
      '[1,{"label":[195,132],"uuid":0,"blockSize":512,"xattrTolerance":-1,"xattrFilter":false,"inlineData":false,' +
        '"inodes":"compact","chunkBits":1,"chunkIndexes":true,"checksum":false,"dedupe":false,"dsunit":2,"fsAlignBlocks":3,' +
        '"ignoreMtime":true},{"epoch":1,"fixedNsec":2,"buildTime":3},' +
        '[{"order":-5,"flags":1,"path":"a/ÿ*","match":"glob"}]]',
    );
  });

  it("is the one that images have been made with, for every option of compression", () => {
    const settings = resolveErofsOptions({
      compress: [{ algorithm: "lz4" }, { algorithm: "zstd", level: 5, dictSize: 1 << 20 }],
      pclusterSize: 8192,
      tailPacking: true,
      fragments: "tails",
      compressDirectories: true,
      packedPclusterSize: 4096,
      maxExtentBytes: 65536,
      fullIndexes: true,
      dedupeExtents: true,
      compressHints: [{ pattern: '"x"', pclusterSize: 4096, algorithm: 1 }],
    });
    expect(uuidText(settings, time, [])).toContain(
      '"ignoreMtime":false,"compression":{"algorithms":[{"algorithm":"lz4","dictSize":65535},' +
        '{"algorithm":"zstd","level":5,"dictSize":1048576}],"pclusterSize":8192,"packedPclusterSize":4096,' +
        '"maxPclusterSize":8192,"tailPacking":true,"fragments":"tails","directories":true,"maxExtentBytes":65536,' +
        '"fullIndexes":true,"dedupeExtents":true,"hints":[{"pattern":"\\"x\\"","pclusterSize":4096,"algorithm":1}]}}',
    );
    const records = resolveErofsOptions({ compress: { algorithm: "lz4" }, targetKernel: "6.15" });
    expect(uuidText(records, time, [])).toContain('"fullIndexes":false,"extentRecords":true,"hints":[]}}');
    // were added later, and are absent where they are not asked for
    const boxed = resolveErofsOptions({ compress: ["lz4", "zstd"], metabox: { algorithm: 1 } });
    expect(uuidText(boxed, time, [])).toContain('"hints":[],"metabox":{"pclusterSize":4096,"algorithm":1}}}');
    expect(uuidText(resolveErofsOptions({ omitDot: true }), time, [])).toContain('"ignoreMtime":false,"omitDot":true}');
  });
});
