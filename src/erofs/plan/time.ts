/**
 * The superblock's one time. Compact inodes have no time of their own, they all take `epoch`.`fixed_nsec`: the more
 * inodes share that time, the more of them are half as large. So it is the time most entries have.
 */
import type { InodeOrder } from "../../stage/tree/order.ts";
import type { Tree } from "../../stage/tree/tree.ts";

/** Time of compact inodes, and the build time as it is stored: seconds after `epoch`. */
export interface ImageTime {
  epoch: number;
  fixedNsec: number;
  buildTime: number;
}

/** Different times counted at once; a time that fewer than 1 in 1025 inodes have is not worth finding. */
const COUNTERS = 1024;

/**
 * Chooses the time of compact inodes; pure.
 *
 * @param timestamp the build time where one is given; the epoch must not lie behind it
 * @param ignoreMtime compact inodes take the build time whatever they had
 */
export function chooseTime(
  tree: Tree,
  inodes: InodeOrder,
  timestamp: number | undefined,
  ignoreMtime: boolean,
): ImageTime {
  const common = ignoreMtime && timestamp !== undefined ? undefined : mostCommonTime(tree, inodes);
  if (timestamp === undefined) return { epoch: common!.sec, fixedNsec: common!.nsec, buildTime: 0 };
  const since = common && timestamp - common.sec;
  if (since === undefined || since < 0 || since > 0xffffffff) return { epoch: timestamp, fixedNsec: 0, buildTime: 0 };
  return { epoch: common!.sec, fixedNsec: common!.nsec, buildTime: since };
}

/** The most frequent time, or one of them: which one, the order decides. Bounded memory (Misra and Gries). */
function mostCommonTime(tree: Tree, { order }: InodeOrder): { sec: number; nsec: number } {
  const sec = tree.mtime.view;
  const nsec = tree.mtimeNsec.view;
  const counters = new Map<string, number>();
  let key = "";
  let keySec = Number.NaN;
  let keyNsec = 0;
  // neighbours mostly have one time: then no text is made
  const keyOf = (entry: number) => {
    if (sec[entry] !== keySec || nsec[entry] !== keyNsec) {
      keySec = sec[entry]!;
      keyNsec = nsec[entry]!;
      key = `${keySec}.${keyNsec}`;
    }
    return key;
  };
  for (const entry of order) {
    const key = keyOf(entry);
    const count = counters.get(key);
    if (count !== undefined || counters.size < COUNTERS) counters.set(key, (count ?? 0) + 1);
    else for (const [other, left] of counters) left === 1 ? counters.delete(other) : counters.set(other, left - 1);
  }
  const exact = new Map([...counters.keys()].map((key) => [key, { count: 0, entry: 0 }]));
  let best = { count: 0, entry: 0 };
  for (const entry of order) {
    const candidate = exact.get(keyOf(entry));
    if (!candidate) continue;
    if (candidate.count++ === 0) candidate.entry = entry;
  }
  for (const candidate of exact.values()) if (candidate.count > best.count) best = candidate;
  return { sec: sec[best.entry]!, nsec: nsec[best.entry]! };
}
