/** One small tree in every form that the commands take: a directory, lists of paths, archives. */
import { mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { TAR_END, tarMember } from "../../test/helpers/tar/make-tar.ts";
import { noise, words } from "../../test/helpers/trees/noise.ts";
import { makeZip } from "../../test/helpers/zip/make-zip.ts";

/** An entry; directories stand before what is in them. */
interface Leaf {
  path: string;
  kind: "directory" | "file" | "symlink";
  /** Of a link its target. */
  bytes: Buffer;
}

const LONG_AGO = 1e9;

/** Directories, links, and files of all sizes that are treated in ways of their own, some of them equal. */
function makeLeaves(): Leaf[] {
  const leaves: Leaf[] = [];
  const add = (path: string, kind: Leaf["kind"], bytes: Buffer | string = "") =>
    leaves.push({ path, kind, bytes: Buffer.from(bytes) });
  for (const folder of ["aa", "bb", "cc"]) {
    add(folder, "directory");
    add(`${folder}/below`, "directory");
    add(`${folder}/below/twin`, "file", words(7, 20_000));
    for (const size of [0, 100, 4096, 10_000, 70_000]) add(`${folder}/text-${size}`, "file", words(size, size));
    add(`${folder}/noise`, "file", noise(folder.charCodeAt(0), 300_000));
    add(`${folder}/link`, "symlink", "below/twin");
  }
  add("bb/zeros", "file", Buffer.alloc(600_000));
  add("cc/large", "file", words(3, 1_500_000));
  return leaves;
}

let leaves: readonly Leaf[] | undefined;

/** The tree's files, and where they are. */
export interface Sources {
  /** The tree. */
  tree: string;
  /** Paths of the tree's directories, one a line. */
  closure: string;
  tar: string;
  gzip: string;
  zip: string;
  nar: string;
  pack: string;
}

/** What is written beside the tree. */
const PARTS = ["tree", "closure", "tar", "gzip", "zip", "nar", "pack"] as const;

/** Where the forms are in a folder. */
export function sourcesIn(folder: string): Sources {
  return Object.fromEntries(PARTS.map((part) => [part, `${folder}/${part}`])) as unknown as Sources;
}

/** Writes the tree and one form of it. */
export function writeSource(folder: string, part: keyof Sources): void {
  leaves ??= makeLeaves();
  const paths = sourcesIn(folder);
  mkdirSync(paths.tree, { recursive: true });
  if (part === "tree" || part === "closure" || part === "pack") writeTree(paths.tree, leaves);
  if (part === "closure")
    writeFileSync(paths.closure, ["aa", "bb", "cc"].map((top) => `${paths.tree}/${top}\n`).join(""));
  else if (part === "pack") writeFileSync(paths.pack, leaves.map((leaf) => packLine(leaf, paths.tree)).join(""));
  else if (part !== "tree") writeFileSync(paths[part], archiveOf(part, leaves));
  if (part !== "tree") utimesSync(paths[part], LONG_AGO, LONG_AGO);
}

function writeTree(at: string, all: readonly Leaf[]): void {
  for (const { path, kind, bytes } of all) {
    if (kind === "directory") mkdirSync(`${at}/${path}`);
    else if (kind === "symlink") symlinkSync(bytes.toString(), `${at}/${path}`);
    else writeFileSync(`${at}/${path}`, bytes);
  }
  // a clock that ticks slowly must not hide a change
  for (const { path, kind } of all.toReversed())
    if (kind !== "symlink") utimesSync(`${at}/${path}`, LONG_AGO, LONG_AGO);
}

function packLine({ path, kind, bytes }: Leaf, tree: string): string {
  if (kind === "directory") return `dir /${path} 0755 0 0\n`;
  return kind === "symlink" ? `slink /${path} 0777 0 0 ${bytes}\n` : `file /${path} 0644 0 0 ${tree}/${path}\n`;
}

function archiveOf(part: "tar" | "gzip" | "zip" | "nar", all: readonly Leaf[]): Buffer {
  if (part === "nar") return Buffer.concat([str("nix-archive-1"), narNode(undefined, "", all)]);
  if (part === "zip") return zipOf(all);
  const members = all.map(({ path, kind, bytes }) => {
    if (kind === "directory") return tarMember({ name: `${path}/`, type: "5", mode: 0o755 });
    return kind === "symlink"
      ? tarMember({ name: path, type: "2", target: bytes.toString() })
      : tarMember({ name: path }, bytes);
  });
  const archive = Buffer.concat([...members, TAR_END]);
  return part === "gzip" ? gzipSync(archive) : archive;
}

function zipOf(all: readonly Leaf[]): Buffer {
  return makeZip(
    all.map(({ path, kind, bytes }, nr) => {
      if (kind === "directory") return { name: `${path}/`, mode: 0o040755 };
      if (kind === "symlink") return { name: path, data: bytes, mode: 0o120777 };
      return { name: path, data: bytes, method: nr % 2 === 0 ? 8 : 0 };
    }),
  );
}

/** A string of a NAR. */
function str(text: Buffer | string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

function narNode(leaf: Leaf | undefined, path: string, all: readonly Leaf[]): Buffer {
  const say = (...texts: (Buffer | string)[]) => texts.map(str);
  if (leaf?.kind === "file") return Buffer.concat(say("(", "type", "regular", "contents", leaf.bytes, ")"));
  if (leaf?.kind === "symlink") return Buffer.concat(say("(", "type", "symlink", "target", leaf.bytes, ")"));
  const prefix = path === "" ? "" : `${path}/`;
  const children = all
    .filter((each) => each.path.startsWith(prefix) && !each.path.slice(prefix.length).includes("/"))
    .map((each) => ({ each, name: each.path.slice(prefix.length) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  const entries = children.flatMap(({ each, name }) => [
    ...say("entry", "(", "name", name, "node"),
    narNode(each, each.path, all),
    ...say(")"),
  ]);
  return Buffer.concat([...say("(", "type", "directory"), ...entries, ...say(")")]);
}
