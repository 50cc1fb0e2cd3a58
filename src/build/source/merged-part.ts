/** Several sources, staged side by side and merged into one tree. */
import { mergeTrees } from "../../stage/source/merge.ts";
import { MergedContents } from "../../stage/source/merged-contents.ts";
import type { MergedSource, Source } from "../../stage/source/source.ts";
import { Tree } from "../../stage/tree/tree.ts";
import { isShared, openUnshared, type SharedContents } from "../contents.ts";
import type { OpenPart, SourceHost, Staged } from "./part.ts";

/** Opens all parts of a merged source. @param open opens one of them */
export async function openMerged(
  source: MergedSource,
  host: SourceHost,
  open: (source: Source, host: SourceHost) => Promise<OpenPart>,
): Promise<OpenPart> {
  const parts: OpenPart[] = [];
  for (const part of source.parts) parts.push(await open(part, host));
  const tree = Tree.create();
  const stage = async () => {
    const staged: Staged[] = [];
    for (const part of parts) staged.push(await part.stage());
    return mergeStaged(staged, tree);
  };
  return {
    tree,
    start: undefined,
    excluded: parts.reduce((sum, { excluded }) => sum + excluded, 0),
    stage,
    stores: parts.flatMap(({ stores }) => stores),
  };
}

/** Merges what has been staged into an empty tree. Throws `INPUT` for a path that two parts have. */
export async function mergeStaged(parts: readonly Staged[], tree: Tree): Promise<Staged> {
  const { origins, xattrs, joined } = mergeTrees(parts, tree);
  const excluded = parts.reduce((sum, part) => sum + part.excluded, 0);
  const shared = parts.map(({ tree: from, contents }) => ({ tree: from.share(), contents }));
  if (shared.every(isSharedPart))
    return { tree, contents: { kind: "merged", parts: shared, origins }, xattrs, excluded, joined };
  const opened = await Promise.all(parts.map((part) => openUnshared(part.tree, part.contents)));
  return { tree, contents: new MergedContents(opened, origins.part, origins.entry), xattrs, excluded, joined };
}

type Part = { tree: ReturnType<Tree["share"]>; contents: Staged["contents"] };

function isSharedPart(part: Part): part is Part & { contents: SharedContents } {
  return isShared(part.contents);
}
