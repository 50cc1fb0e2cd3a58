/** What is to be said of `ts-mksquashfs`. The sections have the names that mksquashfs 4.7 gives them. */
import { COMPLETION_SECTION, EXIT_SECTION, type Manual } from "../shared/manual/manual.ts";
import { VERITY_WORDS } from "../verity.ts";
import type { Settings } from "./settings.ts";
import { FILTER, PERMS, PSEUDO, TIME, XATTRS } from "./table-entries.ts";
import { BUILD, COMPRESSION, EXPERT } from "./table-image.ts";
import { ACTIONS, APPEND, HELP, RUNTIME, TAR } from "./table-run.ts";

/** Everything that `-help-all` prints. */
export const MANUAL: Manual<Settings> = {
  name: "ts-mksquashfs",
  usage: ["SOURCE... IMAGE [OPTION]... [-e EXCLUDE...]"],
  about: [
    "Writes a SquashFS image of files and directories. Options are those of mksquashfs. The same tree and options give " +
      "the same bytes on every machine.",
  ],
  examples: [
    { note: "a directory", line: "ts-mksquashfs rootfs root.squashfs -all-root -noappend" },
    {
      note: "the closure of a Nix store path, small",
      line: "ts-mksquashfs - store.squashfs -closure store-paths -b 1M -comp zstd -Xcompression-level 19",
    },
    {
      note: "an AppImage, behind its runtime of 189632 bytes",
      line: "ts-mksquashfs AppDir out -offset 189632 -all-root -noappend -comp zstd",
    },
    {
      note: "without some files",
      line: "ts-mksquashfs rootfs root.squashfs -wildcards -e 'var/cache/*' '... *.o'",
    },
  ],
  operands: [
    {
      name: "SOURCE",
      kind: "file",
      isMany: true,
      help:
        "one directory, whose contents become the root; or several files and directories, each of which becomes an " +
        'entry of the root; "-": nothing but pseudo files',
    },
    { name: "IMAGE", kind: "file", help: 'the file to write, or a block device; "-" is standard output' },
  ],
  sections: [
    { id: "compression", title: "Compression", options: COMPRESSION },
    { id: "build", title: "How the image is built", options: BUILD },
    { id: "time", title: "Times", options: TIME },
    { id: "perms", title: "Owners and permissions", options: PERMS },
    { id: "pseudo", title: "Pseudo files", options: PSEUDO },
    { id: "filter", title: "What goes in, and in which order", options: FILTER },
    { id: "xattrs", title: "Extended attributes", options: XATTRS },
    { id: "verity", title: "dm-verity", options: VERITY_WORDS },
    { id: "runtime", title: "Running", options: RUNTIME },
    { id: "append", title: "Appending", options: APPEND },
    { id: "actions", title: "Actions", options: ACTIONS },
    { id: "tar", title: "Tar archives", options: TAR },
    { id: "expert", title: "For experts", options: EXPERT },
    { id: "help", title: "Help", options: HELP },
    {
      id: "pseudo-defs",
      title: "Definitions of pseudo files",
      intro: [
        "PATH is where the entry stands in the image, MODE is octal, USER and GROUP are ids or names. The letter in upper " +
          "case, but for l, h, L and x, is for one with a time, in seconds since 1970, before MODE.",
      ],
      entries: [
        ["PATH d MODE USER GROUP", "a directory"],
        ["PATH m MODE USER GROUP", "another mode and owner for an entry that is there"],
        ["PATH f MODE USER GROUP COMMAND", "a file with what a shell's COMMAND prints"],
        ["PATH s MODE USER GROUP TARGET", "a symbolic link"],
        ["PATH b MODE USER GROUP MAJOR MINOR", "a block device"],
        ["PATH c MODE USER GROUP MAJOR MINOR", "a character device"],
        ["PATH i MODE USER GROUP s|f", "a socket or a FIFO"],
        ["PATH l FILE", "a file of this machine; if the image has it already, a further name of it"],
        ["PATH h FILE", "the same, or what it links to"],
        ["PATH L ENTRY", "a hard link to an entry of the image"],
        ["PATH x NAME=VALUE", "an extended attribute, as -xattrs-add takes it"],
        [
          "PATH R TIME MODE USER GROUP LENGTH OFFSET 0|1",
          "a file whose contents stand in the file of -pf, behind the definitions",
        ],
      ],
    },
    {
      id: "symbolic",
      title: "Modes",
      intro: [
        "MODE is octal, or consists of clauses with commas between them, as chmod takes it: whose permissions (u, g, o, a), " +
          "then +, - or =, then which (r, w, x, s, t; X: x for directories and for what someone can run already), or whose " +
          "to copy (u, g, o). An example: u+rwX,go=u.",
      ],
    },
    {
      id: "environment",
      title: "Environment",
      entries: [
        [
          "SOURCE_DATE_EPOCH",
          "time of the image, in seconds since 1970, and the latest that an entry may have; there can be no other option " +
            "for times beside it",
        ],
      ],
    },
    COMPLETION_SECTION,
    EXIT_SECTION,
  ],
};
