/** What is to be said of `ts-mkerofs`. */
import { COMPLETION_SECTION, EXIT_SECTION, type Manual } from "../shared/manual/manual.ts";
import type { Settings } from "./settings.ts";
import { SECTIONS } from "./table.ts";

/** Everything that `--help` prints. */
export const MANUAL: Manual<Settings> = {
  name: "ts-mkerofs",
  usage: [
    "[OPTION]... IMAGE SOURCE...",
    "[OPTION]... --closure=FILE IMAGE [SOURCE]...",
    "[OPTION]... --closure-of IMAGE PATH...",
    "[OPTION]... --nar=FILE IMAGE",
    "[OPTION]... --manifest=FILE IMAGE",
    "[OPTION]... --tar IMAGE [ARCHIVE]...",
    "[OPTION]... --zip IMAGE ARCHIVE...",
  ],
  about: [
    "Writes an EROFS or SquashFS image of a directory or a closure. The same tree and options give the same bytes on " +
      "every machine. Options and their letters are those of mkfs.erofs; long ones may be abbreviated.",
  ],
  examples: [
    {
      note: "a Nix closure, ready for /nix/store",
      line: "ts-mkerofs --closure=store-paths -L nix-store store.erofs",
    },
    { note: "the same, smaller", line: "ts-mkerofs -zlz4hc -Efragments --closure=store-paths small.erofs" },
    { note: "a directory", line: "ts-mkerofs -T0 --all-root -L root root.erofs ./rootfs" },
    { note: "a SquashFS image of it", line: "ts-mkerofs --format=squashfs -zzstd,15 root.squashfs ./rootfs" },
    {
      note: "a closure in its place, with a file for nix-store --load-db",
      line: "ts-mkerofs --closure=closure-info --store-dir=/nix/store --registration root.erofs",
    },
    { note: "a tar archive", line: "tar -c -C rootfs . | ts-mkerofs --tar -T0 root.erofs" },
    {
      note: "from a pipe, into a pipe",
      line: "nix-store -qR ./result | ts-mkerofs --closure=- - | ssh host 'cat > store.erofs'",
    },
  ],
  operands: [
    { name: "IMAGE", kind: "file", help: 'the file to write, or a block device; "-" is standard output' },
    {
      name: "SOURCE",
      kind: "directory",
      isMany: true,
      help:
        "one directory, whose contents become the root; or several store paths, a closure, each of which becomes an " +
        "entry of the root",
    },
  ],
  sections: [
    ...SECTIONS,
    {
      id: "environment",
      title: "Environment",
      entries: [
        [
          "SOURCE_DATE_EPOCH",
          "without -T the time of the build, in seconds since 1970; newer files of a directory get it too",
        ],
      ],
    },
    COMPLETION_SECTION,
    EXIT_SECTION,
  ],
};
