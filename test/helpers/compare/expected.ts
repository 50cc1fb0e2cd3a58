/** What is expected: the entries of a tree on disk, of a closure, or of a list in memory. */
import { lstatSync, readlinkSync } from "node:fs";
import { basename, dirname } from "node:path";
import { openDirectory, readXattrs, type XattrMap } from "./actual.ts";
import { differenceOfBytes, differenceOfFiles } from "./contents.ts";
import { childPath, type EntryKind, inodeOf, joinDevice, kindOf, latin1, type SpecEntry, toNs } from "./entry.ts";
import { show } from "./report.ts";

/** What an entry's inode is expected to say; undefined is not compared. */
export interface ExpectedMeta {
  /** Relative to the top, latin1; the top itself is the empty string. */
  readonly path: string;
  readonly kind: EntryKind;
  /** 07777 at most. */
  mode: number | undefined;
  uid: number | undefined;
  gid: number | undefined;
  mtimeNs: bigint | undefined;
}

/** Which tree is expected. */
export interface TreeOptions {
  /** `copy`: every name has its own inode with one link. Default: `keep`. */
  hardLinks?: "keep" | "copy" | undefined;
  /** Entries expected to be absent, each with all below it. */
  exclude?: ((relPathLatin1: string) => boolean) | undefined;
  /** Closure mode: the top must hold exactly these paths under their base names; `expectedDir` is not looked at. */
  roots?: readonly string[] | undefined;
}

/** One expected entry, of a disk or of a spec. */
export interface ExpectedNode {
  kind: EntryKind;
  meta: ExpectedMeta;
  size: bigint | undefined;
  rdev: bigint | undefined;
  nlink: number | undefined;
  /** Names with one value are names of one inode. */
  group: string;
  target(): Buffer | undefined;
  /** Returns undefined if the file at `actual` has these contents, else what is wrong. */
  checkContents(actual: Buffer): string | undefined;
  /** Children in byte order; `close` when all are done with. */
  open(): { children: { name: Buffer; node: () => ExpectedNode }[]; close(): void };
}

/** The tree at a path, or the closure that options name instead. */
export function expectedTree(expectedDir: string, options: TreeOptions): ExpectedNode {
  const { roots } = options;
  return roots === undefined ? diskNode(Buffer.from(expectedDir), options, "") : closureNode(roots, options);
}

/** The attributes of the same tree. */
export function expectedXattrs(expectedDir: string, { roots, exclude }: TreeOptions): XattrMap {
  const wanted: XattrMap =
    roots === undefined
      ? readXattrs(expectedDir, ".")
      : new Map(roots.flatMap((root) => [...readXattrs(dirname(root), `./${basename(root)}`)]));
  for (const path of wanted.keys()) if (isExcluded(path, exclude)) wanted.delete(path);
  return wanted;
}

function diskNode(at: Buffer, options: TreeOptions, path: string): ExpectedNode {
  const stat = lstatSync(at, { bigint: true });
  const kind = kindOf(stat);
  return {
    kind,
    meta: {
      path,
      kind,
      mode: Number(stat.mode) & 0o7777,
      uid: Number(stat.uid),
      gid: Number(stat.gid),
      mtimeNs: stat.mtimeNs,
    },
    size: kind === "file" || kind === "symlink" ? stat.size : undefined,
    rdev: kind === "char" || kind === "block" ? stat.rdev : 0n,
    nlink: undefined,
    group: options.hardLinks === "copy" || kind === "directory" ? `path:${path}` : inodeOf(stat),
    target: () => readlinkSync(at, { encoding: "buffer" }),
    checkContents: (actual) => differenceOfFiles(at, actual),
    open: () => {
      const directory = openDirectory(at);
      const children = directory
        .list()
        .map(({ name }) => ({ name, path: childPath(path, name) }))
        .filter((child) => options.exclude?.(child.path) !== true)
        .map((child) => ({ name: child.name, node: () => diskNode(directory.at(child.name), options, child.path) }));
      return { children, close: () => directory.close() };
    },
  };
}

/** The top of a closure: a directory of which nothing is known but its names. */
function closureNode(roots: readonly string[], options: TreeOptions): ExpectedNode {
  const children = roots
    .map((root) => ({ root, name: Buffer.from(basename(root)) }))
    .sort((a, b) => Buffer.compare(a.name, b.name))
    .filter(({ name }) => options.exclude?.(name.toString("latin1")) !== true);
  for (const [index, { name }] of children.entries()) {
    if (children[index + 1]?.name.equals(name)) throw new Error(`two roots are called ${name}`);
  }
  return bareDirectory("", () =>
    children.map(({ root, name }) => ({
      name,
      node: () => diskNode(Buffer.from(root), options, name.toString("latin1")),
    })),
  );
}

function bareDirectory(path: string, children: () => { name: Buffer; node: () => ExpectedNode }[]): ExpectedNode {
  return {
    kind: "directory",
    meta: { path, kind: "directory", mode: undefined, uid: undefined, gid: undefined, mtimeNs: undefined },
    size: undefined,
    rdev: 0n,
    nlink: undefined,
    group: `path:${path}`,
    target: () => undefined,
    checkContents: () => undefined,
    open: () => ({ children: children(), close: () => {} }),
  };
}

/** The tree of a spec; throws if the list itself does not hold together. */
export function expectedSpec(spec: readonly SpecEntry[], implicitDirectories: boolean): ExpectedNode {
  const byPath = new Map<string, SpecEntry>();
  const namesIn = new Map<string, Set<string>>([["", new Set()]]);
  for (const entry of spec) {
    const path = latin1(entry.path);
    if (byPath.has(path)) throw new Error(`spec: ${show(path)} is there twice`);
    byPath.set(path, entry);
    if (entry.kind === "directory" && !namesIn.has(path)) namesIn.set(path, new Set());
  }
  const register = (path: string) => {
    if (path === "") return;
    const slash = path.lastIndexOf("/");
    const parent = path.slice(0, Math.max(slash, 0));
    if (!byPath.has(parent) && parent !== "" && !implicitDirectories) {
      throw new Error(`spec: parent of ${show(path)} is missing`);
    }
    if (byPath.has(parent) && byPath.get(parent)!.kind !== "directory") {
      throw new Error(`spec: parent of ${show(path)} is no directory`);
    }
    if (!namesIn.has(parent)) namesIn.set(parent, new Set());
    namesIn.get(parent)!.add(path.slice(slash + 1));
    register(parent);
  };
  for (const path of byPath.keys()) register(path);

  const build = (path: string): ExpectedNode => {
    const children = () =>
      [...(namesIn.get(path) ?? [])].sort(compareLatin1).map((name) => ({
        name: Buffer.from(name, "latin1"),
        node: () => build(path === "" ? name : `${path}/${name}`),
      }));
    const node = bareDirectory(path, children);
    const entry = byPath.get(path);
    return entry === undefined ? node : { ...node, ...fromSpec(path, entry) };
  };
  return build("");
}

function fromSpec(path: string, entry: SpecEntry): Partial<ExpectedNode> {
  const { kind, contents, target, mode, mtime } = entry;
  const bytes = target === undefined ? undefined : Buffer.from(latin1(target), "latin1");
  const size = contents?.length ?? entry.size ?? bytes?.length;
  const isDevice = kind === "char" || kind === "block";
  return {
    kind,
    meta: {
      path,
      kind,
      mode: mode === undefined ? undefined : mode & 0o7777,
      uid: entry.uid,
      gid: entry.gid,
      mtimeNs: mtime === undefined ? undefined : toNs(mtime),
    },
    size: size === undefined || kind === "directory" ? undefined : BigInt(size),
    rdev: !isDevice ? 0n : entry.major === undefined ? undefined : joinDevice(entry.major, entry.minor ?? 0),
    nlink: entry.nlink,
    group: `path:${entry.hardLinkOf === undefined ? path : latin1(entry.hardLinkOf)}`,
    target: () => bytes,
    checkContents: (actual) => (contents === undefined ? undefined : differenceOfBytes(contents, actual)),
  };
}

/** The attributes of a spec; undefined if it says nothing of any. */
export function expectedSpecXattrs(spec: readonly SpecEntry[]): XattrMap | undefined {
  if (!spec.some((entry) => entry.xattrs !== undefined)) return undefined;
  const wanted: XattrMap = new Map();
  for (const { path, xattrs } of spec) {
    const values = Object.entries(xattrs ?? {});
    if (values.length === 0) continue;
    const inHex = values.map(([name, value]) => [latin1(name), Buffer.from(value).toString("hex")] as const);
    wanted.set(latin1(path), new Map(inHex));
  }
  return wanted;
}

function isExcluded(path: string, exclude: TreeOptions["exclude"]): boolean {
  if (exclude === undefined) return false;
  const parts = path.split("/");
  return parts.some((_, index) => exclude(parts.slice(0, index + 1).join("/")));
}

function compareLatin1(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
