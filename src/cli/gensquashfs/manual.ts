/** What is to be said of `ts-gensquashfs`. */
import { COMPLETION_SECTION, EXIT_SECTION, type Manual } from "../shared/manual/manual.ts";
import type { Settings } from "./settings.ts";
import { SECTIONS } from "./table.ts";

/** Everything that `--help` prints. */
export const MANUAL: Manual<Settings> = {
  name: "ts-gensquashfs",
  usage: ["[OPTION]... IMAGE", "[OPTION]... --closure-of IMAGE PATH..."],
  about: [
    "Writes a SquashFS image of a directory, or of what a pack file describes. Options and their letters are those of " +
      "gensquashfs; long ones may be abbreviated. The same tree and options give the same bytes on every machine.",
  ],
  examples: [
    { note: "a directory", line: "ts-gensquashfs -D rootfs --all-root root.squashfs" },
    { note: "a Nix closure", line: "ts-gensquashfs --closure=store-paths store.squashfs" },
    { note: "small, for a slow disk", line: "ts-gensquashfs -D rootfs -c zstd -X level=19 -b 1M root.squashfs" },
    {
      note: "what a pack file describes, with labels",
      line: "ts-gensquashfs -F files.txt -s file_contexts root.squashfs",
    },
  ],
  operands: [{ name: "IMAGE", kind: "file", help: 'the file to write, or a block device; "-" is standard output' }],
  sections: [
    ...SECTIONS,
    {
      id: "environment",
      title: "Environment",
      entries: [["SOURCE_DATE_EPOCH", "the time of the image and of all entries, unless -d says another"]],
    },
    COMPLETION_SECTION,
    EXIT_SECTION,
  ],
};
