// What is compressed how: the same words for both programs, and what is promised for each way.
import { refusal } from "./turns.mjs";

/** @import { Mode, ModeCase, Peer } from "./types.ts" */

/** @type {Mode[]} */
export const MODES = [
  { name: "-zlz4", wall: 1.2, size: 1.01 },
  { name: "-zlz4hc -Eztailpacking -Efragments", wall: 0.8, size: 1 },
  { name: "-zlz4hc -Eztailpacking -Efragments -Ededupe", wall: 0.35, size: 1 },
  { name: "-zlz4hc -C65536", wall: 0.8, size: 1 },
  { name: "-zzstd -C65536", wall: 1.5, size: 1.01 },
  { name: "-zlzma -C65536", wall: 1.5, size: 1 },
  { name: "-zlzma,level=9 -C1048576", wall: 1.5, size: 1 },
  { name: "-zdeflate -C65536", wall: 1.8, size: 1.01 },
];

const FIXED = ["--quiet", "-T0", "-Ueb176051-bd15-49b7-9e6b-462e0b467019"];
const WORKERS = "--workers=2";

/**
 * Two cases a mode, the peer's and ours. `argv` is the command for an image and a tree; `skipped` says why there is none.
 * `peer` and `ours` are undefined where they are missing. `empty`: an empty folder, `image`: a place for an image, for
 * finding out which options a program knows.
 * @param {Mode[]} modes
 * @param {{ peer: Peer | undefined, ours: string | undefined, empty: string, image: string }} options
 * @returns {ModeCase[]}
 */
export function listCases(modes, { peer, ours, empty, image }) {
  const programs = [
    {
      side: /** @type {const} */ ("peer"),
      label: "mkfs",
      missing: "no mkfs.erofs",
      command: peer && peerCommand(peer),
    },
    {
      side: /** @type {const} */ ("ours"),
      label: "ours",
      missing: "not built (npm run build)",
      command: ours && ourCommand(ours),
    },
  ];
  return modes.flatMap((mode) =>
    programs.map(({ side, label, missing, command }) => {
      /** @type {ModeCase["argv"]} */
      const argv = (target, tree) => [...(command ?? []), ...mode.name.split(" "), target, tree];
      const skipped = command === undefined ? missing : refusal(argv(image, empty));
      return { name: `${label} ${mode.name}`, mode, side, argv, skipped };
    }),
  );
}

/** @param {Peer} peer */
function peerCommand(peer) {
  return [peer.command, ...FIXED, ...(peer.workers ? [WORKERS] : [])];
}

/** @param {string} ours */
function ourCommand(ours) {
  return [process.execPath, ours, ...FIXED, WORKERS];
}
