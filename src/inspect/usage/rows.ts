/** What is used, told by paths: in the row of a path is all that lies below it and has no row of its own. */
import { compareBytes, encodeUtf8 } from "../../core/bytes.ts";
import { NO_PARENT, type Paths } from "../paths.ts";
import type { Account, Usage } from "./ledger.ts";

/** What a path costs. */
export interface UsageRow extends Account {
  /** From the root on, which is empty. */
  readonly path: Uint8Array;
  /** All but what was saved. */
  readonly bytes: number;
  /** Entries, hard links once. */
  readonly entries: number;
}

/** The directory whose entries are told in its place. */
const STORE = ["nix", "store"] as const;

/**
 * The rows, largest first; together with what is nobody's they have all bytes of the image.
 *
 * @param depth names of the longest paths that are told. Default: 1, and in a Nix store the names in that
 */
export function usageRows(usage: Usage, depth?: number): UsageRow[] {
  const { paths } = usage;
  const isOpen = depth === undefined ? opensStore(paths) : opensTo(paths, depth);
  const sums = sumBelow(usage);
  const rows: UsageRow[] = [];
  for (let entry = 0; entry < paths.length; entry++) {
    const parent = paths.parent(entry);
    if (entry > 0 && (parent === NO_PARENT || isOpen[parent] === 0)) continue;
    const isAlone = isOpen[entry] === 1;
    const from = isAlone ? ownOf(usage) : sums;
    const [data, metadata, unused] = [from.data[entry]!, from.metadata[entry]!, from.unused[entry]!];
    rows.push({
      path: wholePath(paths, entry),
      bytes: data + metadata + unused,
      ...{ data, metadata, unused, saved: from.saved[entry]! },
      entries: isAlone ? 1 : sums.entries[entry]!,
    });
  }
  return rows.sort((a, b) => b.bytes - a.bytes || compareBytes(a.path, b.path));
}

/** Accounts by entry. */
export type Columns = Readonly<Record<keyof Account, Float64Array>>;

/** What each entry costs itself. */
export function ownOf({ ledger }: Usage): Columns {
  return {
    data: ledger.column("data"),
    metadata: ledger.column("metadata"),
    unused: ledger.column("unused"),
    saved: ledger.column("saved"),
  };
}

/** What each entry costs with all below it, and how many those are. */
export function sumBelow(usage: Usage): Columns & { readonly entries: Float64Array } {
  const { paths } = usage;
  const own = ownOf(usage);
  const copies = { data: own.data.slice(), metadata: own.metadata.slice(), unused: own.unused.slice() };
  const sums = { ...copies, saved: own.saved.slice(), entries: new Float64Array(paths.length).fill(1) };
  // directories are found before what is in them
  for (let entry = paths.length - 1; entry > 0; entry--) {
    const parent = paths.parent(entry);
    if (parent === NO_PARENT) continue;
    for (const column of Object.values(sums)) column[parent] = column[parent]! + column[entry]!;
  }
  return sums;
}

/** The path of an entry. */
export function wholePath(paths: Paths, entry: number): Uint8Array {
  const names: Uint8Array[] = [];
  for (let at = entry; paths.parent(at) !== NO_PARENT; at = paths.parent(at)) names.unshift(paths.name(at));
  const whole = new Uint8Array(names.reduce((sum, { length }) => sum + length + 1, names.length === 0 ? 0 : -1));
  let at = 0;
  for (const name of names) {
    if (at > 0) whole[at++] = 0x2f;
    whole.set(name, at);
    at += name.length;
  }
  return whole;
}

/** 1 for each entry whose own entries have rows: those with fewer names. */
function opensTo(paths: Paths, depth: number): Uint8Array {
  const isOpen = new Uint8Array(paths.length);
  const depths = new Uint32Array(paths.length);
  for (let entry = 0; entry < paths.length; entry++) {
    const parent = paths.parent(entry);
    if (parent !== NO_PARENT) depths[entry] = depths[parent]! + 1;
    isOpen[entry] = depths[entry]! < depth && (entry === 0 || parent !== NO_PARENT) ? 1 : 0;
  }
  return isOpen;
}

/** The same of the root, and of a store in it. */
function opensStore(paths: Paths): Uint8Array {
  const isOpen = opensTo(paths, 1);
  let [last, found] = [0, 0];
  for (let entry = 1; entry < paths.length && found < STORE.length; entry++) {
    if (paths.parent(entry) !== last || compareBytes(paths.name(entry), encodeUtf8(STORE[found]!)) !== 0) continue;
    last = entry;
    found++;
    isOpen[entry] = 1;
  }
  if (found < STORE.length) return opensTo(paths, 1);
  return isOpen;
}
