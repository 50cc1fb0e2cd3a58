import { expect, test } from "vitest";
import type { CodecName } from "../../src/codec/names.ts";
import { CODECS, checkCodecLevel, checkCodecName, createCodec } from "../../src/codec/names.ts";

const input = expect.objectContaining({ code: "INPUT" });

test.each(Object.entries(CODECS))("%s", async (given, { levels }) => {
  const name = checkCodecName(given);
  const windows = { plainLen: 70_000, compressedLen: 4096 };
  const normal = await createCodec({ name, ...windows });
  expect(normal.name).toBe(levels ? `${name},${levels.normal}` : name);
  expect([normal.plain.length, normal.compressed.length]).toEqual([70_000, 4096]);
  normal.plain.fill(65);
  const size = normal.compressInto(0, 70_000, 0, 4096);
  expect(normal.decompress(0, size, 0, 70_000)).toBe(normal.consumed);
  if (!levels) {
    await expect(createCodec({ name, level: 1 })).rejects.toEqual(input);
    return;
  }
  for (const level of [Math.max(1, levels.lowest), levels.highest]) {
    expect((await createCodec({ name, level, ...windows })).name).toBe(`${name},${level}`);
  }
  for (const level of [levels.lowest - 1, levels.highest + 1, 1.5, Number.NaN]) {
    await expect(createCodec({ name, level })).rejects.toEqual(input);
  }
  // where there is a level 0, it is the normal one, but for those that have others which are called extreme
  if (levels.extreme !== undefined) {
    expect(checkCodecLevel(name, 0)).toBe(0);
    for (const level of [100, 109]) expect(checkCodecLevel(name, level)).toBe(level);
    for (const level of [99, 110]) expect(() => checkCodecLevel(name, level)).toThrow(input);
  } else if (levels.lowest === 0) expect(checkCodecLevel(name, 0)).toBe(levels.normal);
  await expect(createCodec({ name, plainLen: -1 })).rejects.toEqual(input);
});

test("names that are none", async () => {
  for (const name of ["", "lz5", "toString", "LZ4"]) {
    expect(() => checkCodecName(name)).toThrow(input);
    await expect(createCodec({ name: name as CodecName })).rejects.toEqual(input);
  }
});
