/**
 * Dumps made short enough to be kept: of every kind of line the first few stay, the others are told in groups, each by
 * what it is made of and by a checksum, so that two dumps still differ where their images do.
 */
import { createHash } from "node:crypto";

/** Dumps of fewer lines are kept whole. */
const SHORT = 80;
/** Lines of each kind that stay as they are. */
const KEPT = 3;
/** Most lines of a group. */
const GROUP = 128;

/** Longest line; the superblock's is not cut. */
const LONGEST = 800;

/** What lines of one kind have in common: the structure, and of an inode its data layout. */
function kindOf(line: string): string {
  const text = line.replace(/^\s*\S+ +\d+ {2}|^(?:box:)? +at \d+: /, "");
  const [head = ""] = text.split(/: |, /);
  if (head.startsWith("metadata block")) return head;
  const layout = /nid=[\w.]+( .*)$/.exec(text.split(": ")[0]!)?.[1] ?? "";
  return head.replace(/^\d+ /, "").split(" ")[0]! + layout;
}

/** A line without what only says where things lie: places, NIDs, addresses, references. */
export function unplaced(line: string): string {
  return line
    .replace(/^( *)[\w:]+( +)/, "$1")
    .replace(
      /\b(nid|nameoff|i_u|i_ino|startblk_lo|blkaddr|pstart_lo|start_block|start|inode|h_fragmentoff|offset)=[\w.]+/g,
      "$1=",
    )
    .replace(/, blocks \d+\.\.\d+/, ", blocks");
}

/** Folds a dump. */
export function foldDump(lines: readonly string[]): string[] {
  const seen = new Map<string, number>();
  const folded: string[] = [];
  let group: string[] = [];
  const close = () => {
    if (group.length > 0) folded.push(groupLine(group));
    group = [];
  };
  for (const line of lines) {
    const kind = kindOf(line);
    const count = (seen.get(kind) ?? 0) + 1;
    seen.set(kind, count);
    if (count <= KEPT || lines.length < SHORT) {
      close();
      folded.push(line.length <= LONGEST ? line : `${line.slice(0, 200)}… ${hashOf(line)}`);
      continue;
    }
    group.push(line);
    if (group.length === GROUP) close();
  }
  close();
  return folded;
}

function groupLine(group: readonly string[]): string {
  const kinds = new Map<string, number>();
  for (const line of group) kinds.set(kindOf(line), (kinds.get(kindOf(line)) ?? 0) + 1);
  const place = /^ *[\w:]+/.exec(group[0]!)![0];
  const counts = [...kinds].map(([kind, count]) => `${count} ${kind}`).join(", ");
  return `${place}   …  ${counts}; ${hashOf(group.map(unplaced).join("\n"))}`;
}

function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
