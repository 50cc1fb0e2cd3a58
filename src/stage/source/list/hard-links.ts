/** Hard links of lists: one may stand before what it names, and name another one. */

import { ImageError } from "../../../core/error.ts";
import { show } from "../../text/line-words.ts";
import type { TreeEditor } from "../../tree/edit.ts";
import { splitPath } from "../../tree/path.ts";
import { NONE } from "../../tree/tree.ts";

/** A further name of an entry; strings are latin1. */
export interface HardLink {
  path: string;
  target: string;
  /** For messages: the line. */
  where: string;
  /** The path as `where` names it already, if it does. */
  shown?: string;
}

/** Says of an error which line it comes from. @param path of the entry, which `where` names already */
export function locate<T>(where: string, work: () => T, path?: string): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ImageError) || error.message.startsWith(where)) throw error;
    const said = path !== undefined && error.message.startsWith(`${path}: `) ? path.length + 2 : 0;
    const { code, cause } = error;
    throw new ImageError(code, `${where}: ${error.message.slice(said)}`, { path: error.path, cause });
  }
}

/** Adds links, each behind the one that it leads to. Throws `INPUT` for one that leads nowhere, or to itself. */
export function addHardLinks(editor: TreeEditor, links: readonly HardLink[]): void {
  const byPath = new Map(links.map((link) => [key(link.path), link]));
  const made = new Map<HardLink, number>();
  for (const first of links) {
    const pending = [first];
    const waiting = new Set(pending);
    for (let link = pending.at(-1); link; link = pending.at(-1)) {
      const { where, path, target, shown } = link;
      if (made.has(link)) {
        pending.pop();
        continue;
      }
      const next = byPath.get(key(target));
      const known = next && made.get(next);
      const entry = known ?? locate(where, () => editor.find(target));
      if (entry !== NONE) {
        made.set(
          link,
          locate(where, () => editor.addLink(path, entry), shown),
        );
        pending.pop();
      } else if (next === undefined) {
        throw new ImageError("INPUT", `${where}: there is no ${show(target)} to link to`);
      } else if (waiting.has(next)) throw new ImageError("INPUT", `${next.where}: the link leads to itself`);
      else {
        waiting.add(next);
        pending.push(next);
      }
    }
  }
}

function key(path: string): string {
  return splitPath(path).join("/");
}
