// What is measured: the commands, as their users type them. Regex, copy and tar are what nixpkgs has used in turn.
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { fileURLToPath } from "node:url";
import { includesToExcludes } from "./excludes.mjs";

/** @import { Peer, ScenarioCase } from "./types.ts" */

const LABEL = ["-L", "nix-store"];
const UUID = ["-U", "eb176051-bd15-49b7-9e6b-462e0b467019"];
const ROOT = ["-T0", "--all-root"];
const FORCED = ["-T", "0", "--force-uid=0", "--force-gid=0"];

/**
 * The mkfs.erofs at `command`: its version line, and what it can do; undefined where there is none.
 * @param {string} command
 * @returns {Peer | undefined}
 */
export function findPeer(command) {
  /** @param {string} option */
  const shown = (option) => {
    const { stdout, stderr, error } = spawnSync(command, [option], { encoding: "utf8" });
    return error ? undefined : stdout + stderr;
  };
  const first = shown("-V");
  if (first === undefined) return undefined;
  // 1.5 doesn't know -V but names itself in the usage it prints then.
  const named = first.match(/mkfs\.erofs\D*\d+\.\d\S*/)?.[0];
  const help = shown("--help") ?? "";
  const version = named ?? "mkfs.erofs (unknown version)";
  /** @param {string} option */
  const knows = (option) => help.includes(option);
  return { command, version, tar: knows("--tar"), workers: knows("--workers"), label: /^ -L/m.test(help) };
}

/** The words of a command that reads a tree or a closure, and writes its contents into one file that is no image. */
export const FLOOR = [process.execPath, fileURLToPath(new URL("floor.mjs", import.meta.url))];

/**
 * All cases, in the order of a round. `argv` is the command for an image path; `skipped` says why there is none.
 * `peer` and `ours` are undefined where they are missing.
 * @param {{ dir: string, scratch: string, peer: Peer | undefined, ours: string | undefined }} options
 * @returns {ScenarioCase[]}
 */
export function listCases({ dir, scratch, peer, ours }) {
  const large = `${dir}/store-large`;
  /** @param {string} store */
  const list = (store) => `${dir}/store-${store}.paths`;
  const regex = excludeRegex(list("large"));
  const noPeer = peer ? undefined : "no mkfs.erofs";
  const volume = peer?.label ? [...LABEL, ...UUID] : UUID;
  const noOurs = ours ? undefined : "not built (npm run build)";
  const mkfsCommand = peer?.command ?? "mkfs.erofs";
  /** @typedef {ScenarioCase["argv"]} Argv */
  /** @type {(name: string, argv: Argv, more?: { cwd?: string }) => ScenarioCase} */
  const mkfs = (name, argv, more) => {
    return { name, side: "peer", skipped: noPeer, argv: (image) => [mkfsCommand, "--quiet", ...argv(image)], ...more };
  };
  /** @type {(name: string, argv: Argv, more?: { cwd?: string }) => ScenarioCase} */
  const our = (name, argv, more) => {
    const command = [process.execPath, ours ?? "", "--quiet", ...LABEL, ...UUID];
    return { name, side: "ours", skipped: noOurs, argv: (image) => [...command, ...argv(image)], ...more };
  };
  /** @type {(name: string, script: (image: string) => string, more?: { skipped?: string }) => ScenarioCase} */
  const shell = (name, script, more) => {
    return { name, side: "peer", skipped: noPeer, argv: (image) => ["bash", "-c", script(image)], ...more };
  };
  /** @type {(store: string, ...more: string[]) => Argv} */
  const closure = (store, ...more) => {
    return (image) => [...more, "--closure", list(store), image];
  };
  const program = quoted(mkfsCommand);

  return [
    mkfs("mkfs --exclude-regex", (image) => [...volume, ...FORCED, `--exclude-regex=${regex}`, image, "."], {
      cwd: large,
    }),
    shell("copy, then mkfs", (image) => {
      const stage = `${scratch}/stage`;
      const copy = `mkdir ${stage} && xargs -a ${list("large")} cp -r -t ${stage}`;
      return `${copy} && ${program} --quiet ${[...volume, ...ROOT].join(" ")} ${image} ${stage}`;
    }),
    shell(
      "tar | mkfs --tar=f",
      (image) => {
        const strip = `--transform 'flags=rSh;s|${large.replaceAll(".", "\\.")}/||'`;
        const caseHack = "--transform 'flags=rSh;s|~nix~case~hack~[[:digit:]]\\+||g'";
        const tar = `tar --create --absolute-names --verbatim-files-from ${strip} ${caseHack} --files-from ${list("large")}`;
        const options = [...FORCED, ...volume, "--hard-dereference", "--tar=f"].join(" ");
        return `set -o pipefail; ${tar} | ${program} --quiet ${options} ${image}`;
      },
      peer && !peer.tar ? { skipped: `${peer.version} has no --tar=f` } : {},
    ),
    mkfs("mkfs, already staged", (image) => [...volume, ...ROOT, image, `${dir}/staged`]),
    mkfs("mkfs, already staged, -x-1", (image) => [...volume, ...ROOT, "-x-1", image, `${dir}/staged`]),
    {
      name: "floor: read and written, no image",
      side: "other",
      isFloor: true,
      argv: (image) => [...FLOOR, `--closure=${list("large")}`, image],
    },
    our("ours --closure", closure("large")),
    our("ours --closure, small store", closure("small")),
    our("ours --closure --dedupe=none", closure("large", "--dedupe=none")),
    our("ours --closure --workers=1", closure("large", "--workers=1")),
    our("ours --exclude-regex", (image) => [...FORCED, `--exclude-regex=${regex}`, image, "."], { cwd: large }),
    mkfs("mkfs, whole store", (image) => [...volume, ...ROOT, image, large]),
    our("ours, whole store", (image) => [...ROOT, image, large]),
  ];
}

/**
 * `sed -e 's^.*\/^^g' | cut -c -10 | includes-to-excludes`: cut, because a whole closure is too long for an argument.
 * @param {string} list
 */
function excludeRegex(list) {
  const paths = readFileSync(list, "utf8").trimEnd().split("\n");
  return includesToExcludes(new Set(paths.map((path) => basename(path).slice(0, 10))));
}

/** @param {string} word */
function quoted(word) {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
