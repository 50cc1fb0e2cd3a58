/**
 * What callers may give. Types promise it, JavaScript need not keep it, and a key that is spelt wrong would say nothing:
 * so there is a check for each key of a type; any other key, and what does not pass its check, is refused.
 *
 *     export const HINT: Checks<CompressHint> = { pattern: TEXT, pclusterSize: NUMBER, algorithm: NUMBER };
 *
 * Checks stand beside their types and cannot drift from them: they have exactly the same keys, and each is for exactly
 * the type of its field. Whether a number is in its range, and what options say together, is seen to where they are used.
 */
import { OptionError } from "./option-error.ts";
import { didYouMean } from "./suggest.ts";

/** What is wrong with a value. */
interface Fault {
  /** Where in the value, as JavaScript writes it: `[2].path`; empty: it is all of it. */
  readonly at: string;
  readonly why: string;
  /** The word that may be meant, as a sentence of its own. */
  readonly meant?: string;
}

/** What a value must be. */
export interface Check<T> {
  /** What is said to be wanted: `a string`. */
  readonly wants: string;
  /** What is wrong with a value; undefined: nothing. */
  find(value: unknown): Fault | undefined;
  /** Never there. It keeps checks for different types apart, so that a check for less than a field's type is none for it. */
  readonly type?: (value: T) => T;
}

/** Of a key that must be there. */
export interface NeededCheck<T> extends Check<T> {
  readonly isNeeded: true;
}

/** A check for each key of `T`. A key whose value is undefined is as good as none, whatever it is called. */
export type Checks<T> = {
  readonly [K in keyof T]-?: undefined extends T[K] ? Check<Exclude<T[K], undefined>> : NeededCheck<T[K]>;
};

/** What a check is for. */
type Checked<R> = R extends Check<infer T> ? T : never;

type AnyCheck = Pick<Check<unknown>, "wants" | "find"> & { readonly isNeeded?: true };

/** A check that looks at a value and no further. */
function plain<T>(wants: string, isOne: (value: unknown) => boolean): Check<T> {
  return {
    wants,
    find: (value) => (isOne(value) ? undefined : { at: "", why: `${showValue(value)} is not ${wants}` }),
  };
}

/** Any string. */
export const TEXT: Check<string> = plain("a string", (value) => typeof value === "string");
/** True or false. */
export const FLAG: Check<boolean> = plain("a boolean", (value) => typeof value === "boolean");
/** A number. */
export const NUMBER: Check<number> = plain("a number", (value) => typeof value === "number" && !Number.isNaN(value));
/** A time. */
export const DATE: Check<Date> = plain(
  "a valid Date",
  (value) => value instanceof Date && !Number.isNaN(value.getTime()),
);
/** Bytes. */
export const BYTES: Check<Uint8Array> = plain("a Uint8Array", (value) => value instanceof Uint8Array);

/** A check for a key that must be there. */
export function needed<T>(check: Check<T>): NeededCheck<T> {
  return { ...check, isNeeded: true };
}

/** Any object: what is in it, its reader checks. */
export function object<T extends object>(wants: string): Check<T> {
  return plain(wants, (value) => typeof value === "object" && value !== null);
}

/** A function of type `T`. */
export function callback<T>(): Check<T> {
  return plain("a function", (value) => typeof value === "function");
}

/** An object that is known by what it can do. */
export function able<T>(wants: string, ...methods: readonly (keyof T)[]): Check<T> {
  const isObject = (value: unknown): value is T => typeof value === "object" && value !== null;
  return plain(wants, (value) => isObject(value) && methods.every((name) => typeof value[name] === "function"));
}

/** One of a few words. */
export function oneOf<const W extends readonly string[]>(...words: W): Check<W[number]> {
  return {
    wants: words.join(", "),
    find(value) {
      if (words.includes(value as string)) return undefined;
      const meant = typeof value === "string" ? sentence(didYouMean(value, words)) : "";
      return { at: "", why: `${showValue(value)} is none of ${words.join(", ")}${meant}`, meant };
    },
  };
}

/** An array of what passes one check. */
export function list<R extends AnyCheck>(wants: string, check: R): Check<readonly Checked<R>[]> {
  return {
    wants,
    find(value) {
      if (!Array.isArray(value)) return { at: "", why: `${showValue(value)} is not ${wants}` };
      for (const [index, each] of value.entries()) {
        const fault = check.find(each);
        if (fault) return { at: `[${index}]${fault.at}`, why: fault.why };
      }
      return undefined;
    },
  };
}

/** An object with the keys of some checks and no others; `name` is what a key of it is called: "key of a rule". */
export function record<T>(name: string, checks: Checks<T>): Check<T> {
  return { wants: `an object {${Object.keys(checks).join(", ")}}`, find: (value) => findInRecord(value, name, checks) };
}

/** What passes one of some checks. What is said to be wrong is that of the one that comes nearest. */
export function either<const R extends readonly AnyCheck[]>(wants: string, ...checks: R): Check<Checked<R[number]>> {
  return {
    wants,
    find(value) {
      const faults = checks.map((check) => check.find(value));
      if (faults.includes(undefined)) return undefined;
      const meant = faults.find((fault) => fault?.meant)?.meant ?? "";
      return faults.find((fault) => fault?.at !== "") ?? { at: "", why: `${showValue(value)} is not ${wants}${meant}` };
    },
  };
}

/** Objects that hold their contents elsewhere than under keys (a Map, a Promise) would seem to be empty. */
function isRecord(value: unknown): value is Record<string, unknown> {
  return /^\[object (?:Object|Module)\]$/.test(Object.prototype.toString.call(value));
}

function findInRecord(
  value: unknown,
  name: string,
  checks: Readonly<Record<string, AnyCheck>>,
  elsewhere?: (key: string) => string | undefined,
): Fault | undefined {
  if (!isRecord(value)) return { at: "", why: `${showValue(value)} is not an object` };
  for (const [key, given] of Object.entries(value)) {
    if (given === undefined) continue;
    if (!Object.hasOwn(checks, key)) {
      const meant = sentence(didYouMean(key, Object.keys(checks)));
      return { at: `.${key}`, why: `${elsewhere?.(key) ?? `there is no such ${name}`}${meant}` };
    }
    const fault = checks[key]!.find(given);
    if (fault) return { at: `.${key}${fault.at}`, why: fault.why };
  }
  const missing = Object.keys(checks).find((key) => checks[key]!.isNeeded && value[key] === undefined);
  return missing === undefined ? undefined : { at: `.${missing}`, why: `is missing: ${checks[missing]!.wants}` };
}

function sentence(text: string | undefined): string {
  return text === undefined ? "" : `. ${text}`;
}

/**
 * Checks all options of a call.
 *
 * @param elsewhere what is to be said of a key that belongs to something else
 * @throws ImageError `INPUT` for a key that there is not, and for a value that no option of that key can have
 */
export function checkOptions<T>(
  given: unknown,
  checks: Checks<T>,
  elsewhere?: (key: string) => string | undefined,
): void {
  const fault = findInRecord(given, "option", checks, elsewhere);
  if (fault) throw new OptionError(fault.at === "" ? "options" : fault.at.slice(1), fault.why);
}

/** A value in a few letters. */
export function showValue(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value);
  if (typeof value === "function") return "a function";
  if (typeof value === "bigint") return `${value}n`;
  if (Array.isArray(value)) return value.length === 0 ? "[]" : "[…]";
  if (typeof value !== "object" || value === null) return String(value);
  const kind = Object.prototype.toString.call(value).slice("[object ".length, -1);
  if (kind !== "Object") return `${/^[AEIO]/.test(kind) ? "an" : "a"} ${kind}`;
  return Object.keys(value).length === 0 ? "{}" : "{…}";
}
