/**
 * Dates in fixed formats, as seconds since 1970. The clock, the locale and the time zone of the machine decide nothing:
 *
 *     1700000000   @1700000000   +1700000000
 *     2023-02-15   2023-02-15 21:02:39   2023-02-15T21:02:39Z   2023-02-15 21:02 +0100   20230215
 *     15 Feb 2023 21:02:39 GMT   Feb 15 2023   Wed Feb 15 21:02:39 UTC 2023   Wed, 15 Feb 2023 21:02:39 +0000
 */

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = /^(?:sun|mon|tue|tues|wed|wednes|thu|thur|thurs|fri|sat|satur)(?:day)?$/;
const ZONE = /^(?:z|utc|gmt|(?:utc|gmt)?([+-])(\d{1,2})(?::?(\d{2}))?)$/;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?$/;
/** The largest time that SquashFS holds. */
const MAX_SECONDS = 2 ** 32 - 1;

/** What has been found of a date so far. */
interface DateParts {
  year?: number;
  month?: number;
  day?: number;
  /** Seconds since midnight. */
  time?: number;
  /** Seconds east of Greenwich. */
  zone?: number;
}

/**
 * Reads a date, in UTC where it names no zone.
 *
 * @returns seconds since 1970, or why there are none, as it stands behind `"DATE" `
 */
export function parseDate(text: string): number | { why: string } {
  const trimmed = text.trim().toLowerCase();
  if (/^[@+]?\d+$/.test(trimmed) && !/^\d{8}$/.test(trimmed)) return inRange(Number(trimmed.replace(/^[@+]/, "")));
  const parts: DateParts = {};
  const words = trimmed
    // what stands together in ISO 8601
    .replace(/^(\d{4}-\d{2}-\d{2})t(?=\d)/, "$1 ")
    .replace(/(\d:\d{2}(?:\.\d+)?)(z|[+-]\d{2}(?::?\d{2})?)(?=\s|$)/, "$1 $2")
    .split(/[\s,]+/)
    .filter((word) => word !== "");
  for (const word of words) if (!readWord(word, parts)) return { why: explain(word) };
  const { year, month, day, time = 0, zone = 0 } = parts;
  if (year === undefined || month === undefined || day === undefined) {
    return { why: "names no day, month and year, and the clock is never read" };
  }
  const midnight = Date.UTC(year, month - 1, day);
  // a day that the month does not have would be one of the next
  if (new Date(midnight).getUTCDate() !== day || year < 1970) return { why: "is no day since 1970" };
  return inRange(midnight / 1000 + time - zone);
}

function inRange(seconds: number): number | { why: string } {
  if (seconds >= 0 && seconds <= MAX_SECONDS) return seconds;
  return { why: "is not from 1970 to 2106" };
}

/** Takes one word; false for one that is no part of a date, or one too much. */
function readWord(word: string, parts: DateParts): boolean {
  const [, year, month, day] = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(word) ?? /^(\d{4})(\d{2})(\d{2})$/.exec(word) ?? [];
  if (year !== undefined) return setAll(parts, { year: Number(year), month: Number(month), day: Number(day) });
  const time = TIME.exec(word);
  if (time)
    return setTime(
      parts,
      time.slice(1, 4).map((digits) => Number(digits ?? 0)),
    );
  const zone = ZONE.exec(word);
  // digits behind a sign are a zone only once there is a time
  if (zone && (zone[1] === undefined || parts.time !== undefined)) return setZone(parts, zone);
  if (/^\d{4}$/.test(word)) return setAll(parts, { year: Number(word) });
  if (/^\d{1,2}$/.test(word)) return setAll(parts, { day: Number(word) });
  const named = MONTHS.findIndex((name) => /^[a-z]{3,}$/.test(word) && fullMonth(name).startsWith(word));
  if (named >= 0) return setAll(parts, { month: named + 1 });
  // the day of the week follows from the date
  return DAYS.test(word);
}

function fullMonth(name: string): string {
  const rest = ["uary", "ruary", "ch", "il", "", "e", "y", "ust", "tember", "ober", "ember", "ember"];
  return name + rest[MONTHS.indexOf(name)]!;
}

function setTime(parts: DateParts, [hours, minutes, seconds]: readonly number[]): boolean {
  if (hours! > 23 || minutes! > 59 || seconds! > 59) return false;
  return setAll(parts, { time: hours! * 3600 + minutes! * 60 + seconds! });
}

function setZone(parts: DateParts, [, sign, hours = "0", minutes = "0"]: RegExpExecArray): boolean {
  const seconds = Number(hours) * 3600 + Number(minutes) * 60;
  return seconds < 86400 && setAll(parts, { zone: sign === "-" ? -seconds : seconds });
}

/** Sets what has not been set yet; false where it has been, and for a month that there is not. */
function setAll(parts: DateParts, found: DateParts): boolean {
  const names = Object.keys(found) as (keyof DateParts)[];
  if (names.some((name) => parts[name] !== undefined)) return false;
  if (found.month !== undefined && !(found.month >= 1 && found.month <= 12)) return false;
  Object.assign(parts, found);
  return true;
}

/** What of a date would have to be asked of the machine. */
function explain(word: string): string {
  const isRelative =
    /^(?:now|today|yesterday|tomorrow|ago|next|last|this|midnight|noon|(?:second|minute|hour|day|week|month|year)s?)$/;
  if (isRelative.test(word)) return "depends on the clock, which is never read: images would differ";
  return `is no date: "${word}" is no part of one such as 2023-02-15 21:02:39 UTC, or seconds since 1970`;
}
