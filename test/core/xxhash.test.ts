/** Hashes by WebAssembly of more bytes than it is given at once. */
import { expect, test, vi } from "vitest";
import { loadXxHash } from "../../src/core/hash/xxhash.ts";
import { Xxh64, xxh32 } from "../../src/core/hash/xxhash-portable.ts";

interface Wasm {
  Memory: { prototype: { grow(pages: number): number } };
}

const { Memory } = (globalThis as unknown as { WebAssembly: Wasm }).WebAssembly;
const BYTES = Uint8Array.from({ length: 200_003 }, (_, at) => (at * 2654435761) >>> 13);

test.each([0, 1, 32767, 32768, 32769, 65536, 131072, 200_003])(
  "%i bytes, while its memory stays as it is",
  async (size) => {
    // whose buffer would be detached, for which V8 throws away code
    const grow = vi.spyOn(Memory.prototype, "grow");
    const xxhash = await loadXxHash();
    const bytes = BYTES.subarray(0, size);
    const wanted = new Xxh64(7n).update(bytes).digest();
    expect(xxhash.h64Raw(bytes, 7n)).toBe(wanted);
    expect(xxhash.create64(7n).update(bytes).digest()).toBe(wanted);
    const [start, rest] = [bytes.subarray(0, size >> 1), bytes.subarray(size >> 1)];
    expect(xxhash.create64(7n).update(start).update(rest).digest()).toBe(wanted);
    expect(xxhash.h32Raw(bytes, 7)).toBe(xxh32(bytes, 7));
    expect(grow).not.toHaveBeenCalled();
    grow.mockRestore();
  },
);
