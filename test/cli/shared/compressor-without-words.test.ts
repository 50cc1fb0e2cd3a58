/** A compressor that the C tools have no options for: those to come may be such. */
import { expect, test, vi } from "vitest";
import { parseMksquashfs } from "../../../src/cli/mksquashfs/options.ts";
import { parseGensquashfsWords } from "../../../src/cli/shared/compressor-words.ts";
import { UsageError } from "../../../src/cli/shared/getopt.ts";

vi.mock("../../../src/squashfs/disk/compressors.ts", async (original) => {
  const module = await original<typeof import("../../../src/squashfs/disk/compressors.ts")>();
  return { ...module, COMPRESSORS: { ...module.COMPRESSORS, plain: { ...module.COMPRESSORS.none, words: [] } } };
});

test("-help-comp says that it has none", () => {
  const command = parseMksquashfs(["-help-comp", "plain"], {});
  if (command.action !== "print") throw new Error("it prints nothing");
  expect(command.text(80)).toBe("Options of plain:\n  it has none\n");
});

test("-X of gensquashfs is refused", () => {
  const refused = new UsageError('-X: "level=1" is no option of plain here: it has none');
  expect(() => parseGensquashfsWords("plain", "level=1")).toThrow(refused);
});
