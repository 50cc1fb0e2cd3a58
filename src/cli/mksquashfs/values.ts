/** Kinds of values that only mksquashfs has: accounts by name, modes as chmod takes them, sizes in percent. */
import { readAccounts } from "../../stage/source/list/node-accounts.ts";
import { type ModeChange, parseMode } from "../../stage/tree/symbolic-mode.ts";
import { UsageError } from "../shared/getopt.ts";
import { parseNumber } from "../shared/numbers.ts";
import { number, text, type Value } from "../shared/value.ts";

const ID = { min: 0, max: 2 ** 32 - 2 };

/** A number, or a name of this machine's accounts. */
function account(placeholder: string, kind: "user" | "group"): Value<number> {
  return text(
    placeholder,
    (option, given) => {
      if (/^[-+0-9]/.test(given)) return parseNumber(option, given, ID);
      const id = readAccounts()[`${kind}s`].get(given);
      if (id === undefined) throw new UsageError(`${option}: there is no ${kind} "${given}" on this machine`);
      return id;
    },
    kind,
  );
}

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

/** A time is a number: a date would need the clock, or a time zone. */
export const SECONDS = number("SECONDS", { min: 0, max: 2 ** 32 - 1 });

/** A number with or without `%` behind it. */
export function percentage(placeholder: string): Value<number> {
  return text(
    placeholder,
    (option, given) => parseNumber(option, given.replace(/%$/, ""), { min: 0, max: 100_000 }),
    "number",
  );
}

/** Bytes, or a share of the machine's memory. */
export const MEMORY: Value<number | undefined> = text(
  "SIZE",
  (option, given) => {
    if (/^[1-9][0-9]*%$/.test(given)) return undefined;
    return parseNumber(option, given, { min: 1, max: 2 ** 50, suffix: true });
  },
  "number",
);
