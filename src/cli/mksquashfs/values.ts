/** Kinds of values that only mksquashfs has: accounts by name, modes as chmod takes them, sizes in percent. */
import { readAccounts } from "../../stage/source/list/node-accounts.ts";
import { parseDate } from "../../stage/text/date.ts";
import { compileEre } from "../../stage/text/ere.ts";
import { type ModeChange, parseMode } from "../../stage/tree/symbolic-mode.ts";
import { UsageError } from "../shared/getopt.ts";
import type { NumberRange } from "../shared/numbers.ts";
import { parseNumber } from "../shared/numbers.ts";
import { limitBacktracking } from "../shared/program.ts";
import { number, text, type Value } from "../shared/value.ts";

/** (uid_t)-1 is nobody's, so nobody can own a file by it: Linux shows such files as those of "nobody", 65534. */
const ID = { min: 0, max: 2 ** 32 - 2, decimal: true, emptyIsZero: true };

/** A number of decimal digits, whatever it begins with. */
export function decimal(placeholder: string, range: NumberRange): Value<number> {
  return number(placeholder, { ...range, decimal: true });
}

/** A number, or a name of this machine's accounts. */
function account(placeholder: string, kind: "user" | "group"): Value<number> {
  return text(
    placeholder,
    (option, given) => {
      if (/^\s*([-+]?[0-9]|$)/.test(given)) return parseNumber(option, given, ID);
      const id = readAccounts()[`${kind}s`].get(given);
      if (id === undefined) throw new UsageError(`${option}: there is no ${kind} "${given}" on this machine`);
      return id;
    },
    kind,
  );
}

/** What is added to ids. */
export const ID_OFFSET: Value<number> = number("N", ID);

/** A user: a number, or a name. */
export const USER = account("USER", "user");

/** A group: a number, or a name. */
export const GROUP = account("GROUP", "group");

/** A mode: octal, or as chmod takes it. */
export const MODE: Value<ModeChange> = text(
  "MODE",
  (option, given) => {
    const mode = parseMode(given);
    if (mode === undefined) throw new UsageError(`${option}: "${given}" is no mode, neither octal nor as u+rwX,go=u`);
    return mode;
  },
  "mode",
);

/** A time: seconds since 1970, or a date in a fixed format. */
export const TIME: Value<number> = text("TIME", parseTime);

/** The same, or `inode`, which is the time of the newest entry. */
export const TIME_OR_INODE: Value<number | "inode"> = text("TIME", (option, given) =>
  given === "inode" ? given : parseTime(option, given),
);

function parseTime(option: string, given: string): number {
  const time = parseDate(given);
  if (typeof time === "number") return time;
  throw new UsageError(`${option}: "${given}" ${time.why}`);
}

/** A number with or without `%` behind it. */
export function percentage(placeholder: string, range = { min: 0, max: 100_000 }): Value<number> {
  return text(
    placeholder,
    (option, given) => parseNumber(option, given.replace(/%$/, ""), { ...range, decimal: true }),
    "number",
  );
}

/** A POSIX extended regular expression. */
export function regex(placeholder: string): Value<string> {
  return text(placeholder, (option, given) => {
    limitBacktracking();
    try {
      compileEre(given);
    } catch (error) {
      throw new UsageError(`${option}: ${(error as Error).message}`);
    }
    return given;
  });
}

/** Bytes, or a share of the machine's memory. */
export const MEMORY: Value<number | undefined> = text(
  "SIZE",
  (option, given) => {
    if (/^[1-9][0-9]*%$/.test(given)) return undefined;
    return parseNumber(option, given, { min: 1, max: 2 ** 50, suffix: true, decimal: true });
  },
  "number",
);
