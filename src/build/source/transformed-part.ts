/** Sources of which a caller's functions leave entries out, or change them: what they are made of is staged first. */

import { MergedContents } from "../../stage/source/merged-contents.ts";
import type { Source } from "../../stage/source/source.ts";
import { transformTree } from "../../stage/source/transform-tree.ts";
import type { TransformedSource } from "../../stage/source/transformed.ts";
import { Tree } from "../../stage/tree/tree.ts";
import { isShared, openUnshared } from "../contents.ts";
import type { OpenPart, SourceHost, Staged } from "./part.ts";

/** Opens what a transformed source is made of. @param open opens it */
export async function openTransformed(
  source: TransformedSource,
  host: SourceHost,
  open: (source: Source, host: SourceHost) => Promise<OpenPart>,
): Promise<OpenPart> {
  const part = await open(source.of, host);
  const tree = Tree.create();
  const stage = async (): Promise<Staged> => {
    const staged = await part.stage();
    const { origins, xattrs } = await host.here((job) => transformTree(staged, tree, source, job));
    const { contents, excluded } = staged;
    const parts = new Uint32Array(new SharedArrayBuffer(4 * origins.length));
    const from = { part: parts, entry: origins };
    if (isShared(contents)) {
      const shared = [{ tree: staged.tree.share(), contents }];
      return { tree, contents: { kind: "merged", parts: shared, origins: from }, xattrs, excluded };
    }
    const opened = await openUnshared(staged.tree, contents);
    return { tree, contents: new MergedContents([opened], parts, origins), xattrs, excluded };
  };
  const stores = part.stores.map((store) => ({ ...store, isAmended: true }));
  return { tree, start: undefined, excluded: part.excluded, stage, stores };
}
