/** The table of `ts-mksquashfs`: options of compressors, which the table of SquashFS's compressors has. */
import { wordsFor } from "../shared/compressor-help.ts";
import { type Option, rowsFor } from "../shared/option.ts";
import { text } from "../shared/value.ts";
import type { Settings } from "./settings.ts";

const { flag, valued } = rowsFor<Settings>();

/** The `-X…` options of some compressors, by default of all. They mean something only once `-comp` is known. */
export function compressorRows(compressors?: readonly string[]): Option<Settings>[] {
  return wordsFor("mksquashfs", compressors).map(({ name, value, help }) => {
    const note = ({ extra }: Readonly<Settings>, given: string): Partial<Settings> => ({
      extra: [...extra, [name, given]],
    });
    if (value === undefined) return flag({ names: name, sets: (soFar) => note(soFar, ""), help });
    return valued({ names: name, value: text(value), sets: (given, soFar) => note(soFar, given), help });
  });
}
