/**
 * The modules of WebAssembly are the same wherever they are built from their sources, as what is checked out holds none of
 * them: images have the bytes that these give. A change of an `.as` file, of a compiler or of libzstd changes one.
 */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";

const PINS = {
  deflate: "8aaade49e4e3d5177bb8a90a6b053d1b127f8dfc952849bc34a5b5b9dd8db0ed",
  lz4: "f8289e8522b3d8ef663b934910ede4df5517a069bf32cc8e29944c71ed278a90",
  lzma: "8c2c2574ea72e917b65b5491116ef9aa0a767f12409c6bae79d7c44ee1dad263",
  lzo: "a2938189ef52fcb21415a5935c202eb8daa23394ccf955ed568b6a72daa9630a",
  zstd: "86eb6c08b153546c5d269988b659e21332854addea41fad50c87f97515f3af5c",
};

test.each(Object.entries(PINS))("%s", async (codec, pin) => {
  const { WASM } = (await import(`../../src/codec/${codec}/generated.ts`)) as { WASM: string };
  expect(createHash("sha256").update(Buffer.from(WASM, "base64")).digest("hex")).toBe(pin);
});
