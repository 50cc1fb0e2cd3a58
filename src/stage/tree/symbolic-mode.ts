/** Modes as chmod(1) takes them: octal digits, or `u+rwX,go=u` and the like. */
import { S_IFDIR, S_IFMT } from "./tree.ts";

/** Changes a mode, type bits included; those stay as they are. */
export type ModeChange = (mode: number) => number;

const WHO: Readonly<Record<string, number>> = { u: 0o4700, g: 0o2070, o: 0o1007, a: 0o7777 };
const BITS: Readonly<Record<string, number>> = { r: 0o444, w: 0o222, x: 0o111, s: 0o6000, t: 0o1000, X: 0 };

/** Parses a mode; undefined for what is none. */
export function parseMode(text: string): ModeChange | undefined {
  if (/^[0-7]+$/.test(text)) {
    const octal = Number.parseInt(text, 8);
    return octal > 0o7777 ? undefined : (mode) => (mode & ~0o7777) | octal;
  }
  const clauses = text.split(",").filter((clause) => clause !== "");
  if (clauses.length === 0) return undefined;
  const changes: ModeChange[] = [];
  for (const clause of clauses) {
    const [, who = "", operations] = /^([ugoa]*)((?:[-+=](?:[ugo]|[rwxXst]*))+)$/.exec(clause) ?? [];
    if (operations === undefined) return undefined;
    // without a "who" the sticky and set-id bits are out of reach
    const mask = who === "" ? 0o777 : [...who].reduce((bits, letter) => bits | WHO[letter]!, 0);
    for (const [, sign, permissions] of operations.matchAll(/([-+=])([ugo]|[rwxXst]*)/g)) {
      changes.push((mode) => apply(mode, sign!, bitsOf(permissions!, mode) & mask, mask));
    }
  }
  return (mode) => changes.reduce((changed, change) => change(changed), mode);
}

function bitsOf(permissions: string, mode: number): number {
  const shift = { u: 6, g: 3, o: 0 }[permissions];
  if (shift !== undefined) return ((mode >> shift) & 7) * 0o111;
  // X: execution where it makes sense
  const isReachable = (mode & S_IFMT) === S_IFDIR || (mode & 0o111) !== 0;
  const search = permissions.includes("X") && isReachable ? 0o111 : 0;
  return [...permissions].reduce((bits, letter) => bits | BITS[letter]!, search);
}

function apply(mode: number, sign: string, bits: number, mask: number): number {
  if (sign === "+") return mode | bits;
  return sign === "-" ? mode & ~bits : (mode & ~mask) | bits;
}
