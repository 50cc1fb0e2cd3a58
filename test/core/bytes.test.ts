/** Bytes as latin1 strings: as Node makes them, and where there is no Node. */
import { afterEach, expect, test, vi } from "vitest";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.resetModules();
});

test.each(["with Node's Buffer", "without"])("a latin1 string has one character a byte, %s", async (which) => {
  if (which === "without") vi.stubGlobal("Buffer", undefined);
  const { bytesFromLatin1, latin1FromBytes } = await import("../../src/core/bytes.ts");
  const all = Uint8Array.from({ length: 20_000 }, (_, at) => at);
  const shared = new Uint8Array(new SharedArrayBuffer(all.length));
  shared.set(all);
  for (const bytes of [all, shared]) {
    for (const [from, to] of [
      [0, 256],
      [128, 129],
      [7, 7],
      [5, 19_999],
    ] as const) {
      const text = latin1FromBytes(bytes, from, to);
      expect([...text].map((each) => each.charCodeAt(0))).toEqual([...all.subarray(from, to)]);
      expect(bytesFromLatin1(text)).toEqual(all.slice(from, to));
    }
    expect(latin1FromBytes(bytes.subarray(3, 6))).toBe("\x03\x04\x05");
  }
});
