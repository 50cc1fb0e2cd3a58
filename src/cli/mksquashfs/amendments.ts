/** What `ts-mksquashfs` makes of a tree once it has been walked, in the order in which mksquashfs does it. */
import { writeFileSync } from "node:fs";
import { latin1FromBytes, showBytes } from "../../core/bytes.ts";
import { ImageError } from "../../core/error.ts";
import { systemMessage } from "../../core/node/node-errors.ts";
import type { Action } from "../../stage/source/action/actions.ts";
import { ActionRunner } from "../../stage/source/action/node-actions.ts";
import { LinkFollower } from "../../stage/source/action/node-follow.ts";
import type { PseudoFile } from "../../stage/source/list/node-pseudo.ts";
import { applyPseudo, type PseudoDefaults } from "../../stage/source/list/node-pseudo-tree.ts";
import type { Amending } from "../../stage/source/node-amend.ts";
import { OutsideFiles } from "../../stage/source/node-outside.ts";
import { compileExcludes, type ExcludeRules, shareExcludes } from "../../stage/tree/exclude.ts";
import { S_IFDIR, S_IFREG } from "../../stage/tree/tree.ts";
import type { Xattr } from "../../stage/tree/xattrs.ts";
import { print } from "../shared/streams.ts";
import { formatMessage } from "../shared/summary.ts";
import type { ExcludedInodes } from "./excludes.ts";
import type { Settings } from "./settings.ts";

/** All that changes the tree. */
export interface Amendments {
  settings: Settings;
  /** The root is that of a directory of the disk. */
  hasOwnRoot: boolean;
  excluded: ExcludeRules;
  /** Files that are left out under all their names: see excludes.ts. */
  inodes: ExcludedInodes;
  /** Gets what was given for those of them that are in the tree. */
  found: Set<string>;
  actions: readonly Action[];
  pseudo: readonly PseudoFile[];
  pseudoDefaults: PseudoDefaults;
  /** Where a path of the disk, without links in it, lies in the image, if it does; both are latin1 strings. */
  inImage: (diskPath: string) => string | undefined;
  /** Attributes for all entries. */
  xattrs: readonly Xattr[];
  /** Where `-info` and actions that log print. */
  out: NodeJS.WriteStream;
}

/** mksquashfs's mode of a root that it has to make up. */
const ROOT_MODE = 0o777;

/** Whether there is anything to be done. */
export function amendsTree(amendments: Amendments): boolean {
  const { settings, hasOwnRoot, inodes, actions, pseudo, xattrs } = amendments;
  const { root, fileMode, directoryMode, info, infoFile, follow, allTime } = settings;
  const lists = [Object.keys(root), actions, pseudo, xattrs, [...inodes.keys()]];
  const changes = [fileMode, directoryMode, infoFile, follow, info || undefined];
  const isChanged = lists.some(({ length }) => length > 0) || changes.some((change) => change !== undefined);
  return !hasOwnRoot || isChanged || allTime === "inode";
}

/** Does all of it. */
export async function amendTree(work: Amending, amendments: Amendments): Promise<void> {
  const { settings, pseudo, pseudoDefaults, xattrs, out } = amendments;
  const { warn, mtime } = pseudoDefaults;
  if (!amendments.hasOwnRoot) work.editor.setMeta(0, { mode: S_IFDIR | ROOT_MODE, uid: 0, gid: 0, mtime });
  const lines: string[] = [];
  const host = { fragments: settings.fragments ?? "small", print: (line: string) => lines.push(line), warn } as const;
  const outside = new OutsideFiles(work, amendments.inImage);
  const runner = new ActionRunner(work, amendments.actions, host);
  if (amendments.inodes.size > 0) removeInodes(work, amendments);
  runner.exclude();
  followLinks(work, runner, outside, amendments);
  runner.change();
  // with -pseudo-override what holds for all entries does not hold for these
  if (settings.pseudoOverride) changeModes(work, settings);
  applyPseudo(work, pseudo, pseudoDefaults, outside);
  runner.rearrange();
  setRoot(work, settings);
  runner.changeOne(0, settings.pseudoOverride);
  if (!settings.pseudoOverride) changeModes(work, settings);
  addXattrs(work, xattrs);
  runner.finish();
  setTimes(work, settings);
  if (lines.length > 0) await print(out, lines.map((line) => `${showLatin1(line)}\n`).join(""));
  if (settings.infoFile !== undefined) writeList(settings.infoFile, listTree(work));
  else if (settings.info) await print(out, listTree(work));
}

/** Leaves out all names of some files. */
function removeInodes(work: Amending, { inodes, found }: Amendments): void {
  for (const [, entry] of [...work.entries()]) {
    if (entry === 0 || work.tree.kind(entry) === S_IFDIR || !work.hasDiskPath(entry)) continue;
    const { dev, ino } = work.stat(work.diskPath(entry), false);
    const given = inodes.get(`${dev}:${ino}`);
    if (!given) continue;
    for (const text of given) found.add(text);
    work.editor.remove(entry);
    work.tree.addExcluded(1);
  }
}

function followLinks(work: Amending, runner: ActionRunner, outside: OutsideFiles, amendments: Amendments): void {
  const { settings, pseudoDefaults, excluded } = amendments;
  const links = runner.linksToFollow();
  if (settings.follow === undefined && links.size === 0) return;
  const { warn } = pseudoDefaults;
  const follower = new LinkFollower(work, outside, { excluded: compileExcludes(shareExcludes(excluded)), warn });
  if (settings.follow !== undefined) follower.followAll(settings.follow === "keep");
  else for (const [entry, { keep }] of links) follower.follow(entry, keep);
}

function setRoot({ editor, tree }: Amending, { root, uidOffset = 0, gidOffset = 0 }: Settings): void {
  const { mode: change, mtime, ...given } = root;
  if (Object.keys(root).length === 0) return;
  const mode = tree.mode.view[0]!;
  // what is set is offset again
  const kept = { uid: tree.uid.view[0]! - uidOffset, gid: tree.gid.view[0]! - gidOffset };
  const time = typeof mtime === "number" ? mtime : tree.mtime.view[0]!;
  editor.setMeta(0, { ...kept, ...given, mtime: time, mode: change?.(mode) ?? mode });
}

/** Modes that all entries get. */
function changeModes(work: Amending, { fileMode, directoryMode }: Settings): void {
  if (!fileMode && !directoryMode) return;
  const { mode } = work.tree;
  eachInode(work, (entry, kind) => {
    const change = kind === S_IFDIR ? directoryMode : fileMode;
    if (change) for (const name of work.editor.namesOf(entry)) mode.view[name] = change(mode.view[name]!);
  });
}

/** Attributes that all entries get; those of users belong to files and directories only. */
function addXattrs(work: Amending, xattrs: readonly Xattr[]): void {
  if (xattrs.length === 0) return;
  eachInode(work, (entry, kind) => {
    for (const xattr of xattrs) {
      const isUsers = latin1FromBytes(xattr.name).startsWith("user.");
      if (!isUsers || kind === S_IFDIR || kind === S_IFREG) work.addXattr(entry, xattr);
    }
  });
}

function eachInode(work: Amending, use: (entry: number, kind: number) => void): void {
  const done = new Set<number>();
  for (const [, entry] of work.entries()) {
    if (done.has(entry)) continue;
    for (const name of work.editor.namesOf(entry)) done.add(name);
    use(entry, work.tree.kind(entry));
  }
}

/** `inode` as a time is the latest that any entry has. */
function setTimes(work: Amending, { allTime, root }: Settings): void {
  if (allTime !== "inode" && root.mtime !== "inode") return;
  const { mtime, mtimeNsec } = work.tree;
  const entries = allTime === "inode" ? [...work.entries()].map(([, entry]) => entry) : [0];
  let latest = Number.NEGATIVE_INFINITY;
  for (const [, entry] of work.entries()) latest = Math.max(latest, mtime.view[entry]!);
  for (const entry of entries) {
    mtime.view[entry] = latest;
    mtimeNsec.view[entry] = 0;
  }
}

function showLatin1(text: string): string {
  return showBytes(Buffer.from(text, "latin1"));
}

/** The path of everything that is packed, one a line. */
function listTree(work: Amending): string {
  const lines: string[] = [];
  for (const [path, entry] of work.entries()) {
    if (entry !== 0) lines.push(formatMessage("packing", showLatin1(path)));
  }
  return lines.join("");
}

/** Throws `INPUT` for a file that is there already, as mksquashfs does. */
function writeList(path: string, text: string): void {
  try {
    writeFileSync(path, text, { flag: "wx" });
  } catch (cause) {
    throw new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
  }
}
