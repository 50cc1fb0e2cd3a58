/** Tells lists of store paths apart by how they begin. Lists of paths alone are told quickly: they are what comes most. */
import { latin1FromBytes } from "../../../../core/bytes.ts";

/** What a list is: paths alone, one a line, with or without columns; JSON; a registration; a graph of references. */
export type ListKind = "paths" | "json" | "registration" | "graph";

const HEAD_BYTES = 4096;

/** Looks at the beginning of a list, behind a byte order mark. */
export function tellList(text: Uint8Array, from: number): ListKind {
  const head = latin1FromBytes(text, from, Math.min(text.length, from + HEAD_BYTES)).trimStart();
  if (/^[[{]/.test(head)) return "json";
  // a path, its hash, the size of its NAR; or a path, what made it, the number of its references
  const [first = "", second = "", third = ""] = head.split("\n", 3).map((line) => line.trimEnd());
  if (!first.startsWith("/")) return "paths";
  if (/^(?:sha256[:-])?[0-9A-Za-z+/]{43,64}=?$/.test(second)) return "registration";
  return /^\d+$/.test(third) && (second === "" || /^\/.*\.drv$/.test(second)) ? "graph" : "paths";
}
