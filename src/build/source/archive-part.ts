/** Archives, read into a tree by as many threads as there are archives. */
import { bytesFromLatin1, showBytes, writeLatin1 } from "../../core/bytes.ts";
import { sharedUint32, shareUint32 } from "../../core/shared.ts";
import { createRanges } from "../../stage/source/archive/node-archive-contents.ts";
import { ArchiveFile, type ArchivePlace } from "../../stage/source/archive/node-archive-file.ts";
import { stageTops } from "../../stage/source/disk/tops.ts";
import type { ArchiveSource, ArchiveStart, NarArchive } from "../../stage/source/nix/nar/node-archive-source.ts";
import type { StagePolicy } from "../../stage/tree/policy.ts";
import { Tree } from "../../stage/tree/tree.ts";
import type { OpenPart, SourceHost, Staged } from "./part.ts";

/** Opens a source of archives. */
export async function openArchives(source: ArchiveSource, host: SourceHost): Promise<OpenPart> {
  const tree = Tree.create();
  const policy = host.policyOf(source);
  const start = await host.here((job) => source.openArchives(policy, job, host.temporary));
  const paths = () => (start.names ?? []).map((name) => `/nix/store/${showBytes(bytesFromLatin1(name))}`);
  const known = async () => start.known?.();
  return {
    tree,
    start: undefined,
    excluded: 0,
    stage: () => readAll(tree, start, policy, host),
    stores: source.isStore ? [{ below: policy.below, paths, known, isAmended: false }] : [],
  };
}

async function readAll(tree: Tree, start: ArchiveStart, policy: StagePolicy, host: SourceHost): Promise<Staged> {
  const { archives, names } = start;
  if (names) stageNames(tree, names, policy);
  else tree.allocate(1);
  const ranges = { places: placeAll(archives, host), ...createRanges() };
  const order = archives.map((_, number) => number).sort((a, b) => ranges.places[b]!.size - ranges.places[a]!.size);
  const work = { tree: tree.share(), policy, archives, order: shareUint32(order), isRoot: names === undefined, ranges };
  await host.run("archives", work);
  tree.ensureAll();
  return { tree, contents: { kind: "archived", ranges }, xattrs: [[]], excluded: 0 };
}

/** Where each archive is, once it is decompressed: all that are compressed go into one temporary file. */
function placeAll(archives: readonly NarArchive[], host: SourceHost): ArchivePlace[] {
  const spill = archives.some(({ compression }) => compression !== "none") ? host.temporary.createHidden() : undefined;
  let at = 0;
  return archives.map(({ path, shownPath, compression, narSize, isOwn }) => {
    if (compression === "none") {
      const place = ArchiveFile.placeOf(path, shownPath);
      return isOwn ? { ...place, stamp: undefined } : place;
    }
    const start = at;
    at += narSize!;
    return { path: spill!.path, shownPath: spill!.shownPath, start, size: narSize!, stamp: undefined };
  });
}

function stageNames(tree: Tree, names: readonly string[], policy: StagePolicy): void {
  const at = sharedUint32(names.length);
  const lengths = sharedUint32(names.length);
  for (const [index, name] of names.entries()) {
    lengths[index] = name.length;
    at[index] = tree.allocateName(name.length);
    writeLatin1(name, tree.names.view, at[index]);
  }
  stageTops(tree, { from: at, to: at, names: { at, lengths } }, policy);
}
