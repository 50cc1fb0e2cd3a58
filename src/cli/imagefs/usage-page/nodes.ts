/** The paths of an image as the page has them: columns, since objects of JSON would repeat their names for each. */
import { showBytes } from "../../../core/bytes.ts";
import type { Usage } from "../../../inspect/usage/ledger.ts";
import { sumBelow } from "../../../inspect/usage/rows.ts";
import { showName } from "../commands/show.ts";

/** Columns of paths: each is behind the directory that it is in, the root first. */
export interface PageNodes {
  readonly names: string[];
  /** Of the root -1. */
  readonly parents: number[];
  /** With all that lies below. */
  readonly data: number[];
  readonly metadata: number[];
  readonly unused: number[];
  readonly saved: number[];
  readonly entries: number[];
  /** Paths that are there: others stand for several, or for none. */
  readonly isPath: boolean[];
}

/** More would make the page slow. */
export const MOST_NODES = 20_000;

/** What the page tells: the largest paths one by one, of each directory all others together. */
export function pageNodes(usage: Usage, most: number = MOST_NODES): PageNodes {
  const { paths, ledger } = usage;
  const sums = sumBelow(usage);
  const nodes: PageNodes = {
    ...{ names: [], parents: [], data: [], metadata: [], unused: [], saved: [], entries: [], isPath: [] },
  };
  const add = (name: string, parent: number, account: Omit<NodeAccount, "name" | "parent">, isPath: boolean) => {
    nodes.parents.push(parent);
    nodes.isPath.push(isPath);
    for (const column of ["data", "metadata", "unused", "saved", "entries"] as const)
      nodes[column].push(account[column]);
    return nodes.names.push(name) - 1;
  };
  const accountOf = (entry: number) => ({
    data: sums.data[entry]!,
    metadata: sums.metadata[entry]!,
    unused: sums.unused[entry]!,
    saved: sums.saved[entry]!,
    entries: sums.entries[entry]!,
  });
  const isTold = largest(sums, most);
  const numbers = new Int32Array(paths.length);
  const { nobody } = ledger;
  const root = accountOf(0);
  add("/", -1, { ...plus(root, nobody), entries: root.entries }, true);
  add("(no path)", 0, { ...nobody, entries: 0 }, false);
  const others = new Map<number, NodeAccount>();
  for (let entry = 1; entry < paths.length; entry++) {
    const parent = paths.parent(entry);
    if (parent < 0 || isTold[parent] === 0) continue;
    const account = accountOf(entry);
    if (isTold[entry] === 1) {
      numbers[entry] = add(showName(showBytes(paths.name(entry))), numbers[parent]!, account, true);
      continue;
    }
    const sum = others.get(parent);
    const entries = (sum?.entries ?? 0) + account.entries;
    others.set(parent, { ...(sum ? plus(sum, account) : account), entries });
  }
  for (const [parent, account] of others) add(`(${account.entries} smaller)`, numbers[parent]!, account, false);
  return nodes;
}

interface NodeAccount {
  readonly data: number;
  readonly metadata: number;
  readonly unused: number;
  readonly saved: number;
  readonly entries: number;
}

function plus(a: Omit<NodeAccount, "entries">, b: Omit<NodeAccount, "entries">): Omit<NodeAccount, "entries"> {
  return {
    data: a.data + b.data,
    metadata: a.metadata + b.metadata,
    unused: a.unused + b.unused,
    saved: a.saved + b.saved,
  };
}

/** 1 for so many entries with most bytes; of what has as many the first. No entry has more than the directory it is in. */
function largest({ data, metadata, unused }: ReturnType<typeof sumBelow>, most: number): Uint8Array {
  const totals = data.map((bytes, entry) => bytes + metadata[entry]! + unused[entry]!);
  const sorted = totals.slice().sort().reverse();
  const least = sorted[most - 1] ?? -1;
  let ties = most - sorted.findIndex((total) => total <= least);
  return Uint8Array.from(totals, (total) => (total > least || (total === least && ties-- > 0) ? 1 : 0));
}
