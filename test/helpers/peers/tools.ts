/** The C tools that are compared with, a row each: how a line of options becomes a command line, there and here. */
import type { CommandName } from "../commands.ts";

/** A C tool. */
export interface PeerTool {
  /** As it calls itself, and as its file of answers is called. */
  readonly name: string;
  /** The command here. */
  readonly ours: CommandName;
  /** The option of `record:peers` that says where it is. */
  readonly option: string;
  /** Words that print its options. */
  readonly help: readonly string[];
  /** Words that print its version, and how it stands there. */
  readonly version: readonly [words: string, pattern: RegExp];
  /** A line in its output that says nothing. */
  readonly banner: RegExp;
  /** Whether the links of its directories are those of their subdirectories. */
  readonly countsSubdirectories: boolean;
  /** The words of a line beside its operands. */
  readonly complete: (words: readonly string[]) => readonly string[];
}

/** The image in the folder where lines are tried. */
export const PEER_IMAGE = "image";

/** The tools. */
export const PEER_TOOLS: readonly PeerTool[] = [
  {
    name: "mkfs.erofs",
    ours: "mkerofs",
    option: "--mkfs",
    help: ["--help"],
    version: ["-V", /^mkfs\.erofs \(erofs-utils\) (\S+)/m],
    banner: /^mkfs\.erofs [\d.]+$/,
    countsSubdirectories: true,
    complete: (words) => [...words, PEER_IMAGE, "src"],
  },
  {
    name: "mksquashfs",
    ours: "mksquashfs",
    option: "--mksquashfs",
    // wide enough for the addresses at its end, whose parts would look like options
    help: ["-no-pager", "-cols", "120", "-help-all"],
    version: ["-version", /^mksquashfs version (\S+)/m],
    banner: /^$/,
    countsSubdirectories: true,
    complete: (words) => ["src", PEER_IMAGE, ...words],
  },
  {
    name: "gensquashfs",
    ours: "gensquashfs",
    option: "--gensquashfs",
    help: ["--help"],
    version: ["--version", /^gensquashfs \(squashfs-tools-ng\) (\S+)/m],
    banner: /^$/,
    // all entries have links there
    countsSubdirectories: false,
    // of what is the default there, xz, there is nothing here
    complete: (words) => ["-D", "src", "-c", "gzip", ...words, PEER_IMAGE],
  },
];
