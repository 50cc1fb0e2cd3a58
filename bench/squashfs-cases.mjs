// What is packed how: mksquashfs and ours take the same words, gensquashfs those that mean the same work.
import { spawnSync } from "node:child_process";
import { refusal } from "./turns.mjs";

/** @import { Mode, ModeCase } from "./types.ts" */

/** @typedef {Mode & { peer: string[], other?: string[] }} SquashfsMode Words for mksquashfs and gensquashfs. */

/** The promises are against mksquashfs. @type {SquashfsMode[]} */
export const MODES = [
  {
    ...{ name: "zstd 15", wall: 1.45, size: 1 },
    peer: ["-comp", "zstd", "-Xcompression-level", "15"],
    other: ["-c", "zstd", "-X", "level=15"],
  },
  {
    ...{ name: "gzip 9", wall: 0.9, size: 1.01 },
    peer: ["-comp", "gzip", "-Xcompression-level", "9"],
    other: ["-c", "gzip", "-X", "level=9"],
  },
  { name: "xz", wall: 1.5, size: 1, peer: ["-comp", "xz"], other: ["-c", "xz"] },
  {
    ...{ name: "xz, 1 MiB", wall: 1.5, size: 1 },
    peer: ["-comp", "xz", "-b", "1048576", "-Xdict-size", "100%"],
    other: ["-c", "xz", "-b", "1048576"],
  },
  { name: "lzo 8", wall: 0.6, size: 1, peer: ["-comp", "lzo"], other: ["-c", "lzo"] },
  { name: "lz4", wall: 1.2, size: 1.01, peer: ["-comp", "lz4"], other: ["-c", "lz4"] },
  { name: "uncompressed", wall: 0.75, size: 1, peer: ["-noI", "-noD", "-noF", "-noX"] },
];

// Ends of all files in fragments, equal files stored once, the table for NFS, times of files, no attributes.
const PEER = ["-b", "131072", "-always-use-fragments", "-no-xattrs", "-processors", "2"];
const QUIET = ["-noappend", "-no-progress", "-quiet"];
const OTHER = ["-q", "--force", "-b", "131072", "--exportable", "--keep-time", "-j", "2"];

/**
 * The first line that a program says of its version; undefined where there is no such program.
 * @param {string} command
 * @param {string} option
 */
export function findVersion(command, option) {
  const { stdout, stderr, error } = spawnSync(command, [option], { encoding: "utf8" });
  return error ? undefined : `${stdout}${stderr}`.split("\n")[0];
}

/**
 * Two or three cases a mode: mksquashfs, gensquashfs where it has the mode, ours. `argv` is the command for an image and
 * a tree; `skipped` says why there is none. A program that is missing is undefined. `empty`: an empty folder, `image`: a
 * place for an image, for finding out which options a program knows.
 * @typedef {string | undefined} Program
 * @param {SquashfsMode[]} modes
 * @param {{ mksquashfs: Program, gensquashfs: Program, ours: Program, empty: string, image: string }} options
 * @returns {ModeCase<SquashfsMode>[]}
 */
export function listCases(modes, { mksquashfs, gensquashfs, ours, empty, image }) {
  /** @typedef {(mode: SquashfsMode, target: string, tree: string) => string[]} ToArgv */
  /** @type {(...command: string[]) => ToArgv} */
  const sameWords =
    (...command) =>
    (mode, target, tree) => [...command, tree, target, ...PEER, ...mode.peer, ...QUIET];
  /** @type {(command: string) => ToArgv} */
  const otherWords = (command) => (mode, target, tree) => {
    return [command, ...OTHER, ...(mode.other ?? []), "-D", tree, target];
  };
  /** @type {{ side: import("./types.ts").Side, label: string, program: Program, toArgv: ToArgv }[]} */
  const programs = [
    { side: "peer", label: "mksquashfs", program: mksquashfs, toArgv: sameWords(mksquashfs ?? "") },
    { side: "other", label: "gensquashfs", program: gensquashfs, toArgv: otherWords(gensquashfs ?? "") },
    { side: "ours", label: "ours", program: ours, toArgv: sameWords(process.execPath, ours ?? "") },
  ];
  return modes.flatMap((mode) =>
    programs
      .filter(({ side }) => side !== "other" || mode.other !== undefined)
      .map(({ side, label, program, toArgv }) => {
        /** @type {ModeCase["argv"]} */
        const argv = (target, tree) => toArgv(mode, target, tree);
        const skipped = program === undefined ? `no ${label}` : refusal(argv(image, empty));
        return { name: `${label} ${mode.name}`, mode, side, argv, skipped };
      }),
  );
}
