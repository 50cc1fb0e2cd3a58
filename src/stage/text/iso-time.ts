/** Times as JSON has them, which `Date` writes: `2024-02-29T12:00:00.123456789Z`, with a zone, so that no machine's matters. */

const ISO = /^([+-]\d{6}|\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/;

/** Seconds since 1970, which may be negative, and nanoseconds forward from them; undefined for what is no such time. */
export function parseIsoTime(text: string): { sec: number; nsec: number } | undefined {
  const found = ISO.exec(text);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [number, ...number[]];
  const zone = 3600 * Number(found[9] ?? 0) + 60 * Number(found[10] ?? 0);
  const date = new Date(0);
  date.setUTCFullYear(year, month! - 1, day);
  const isDay = date.getUTCMonth() === month! - 1 && date.getUTCDate() === day;
  const isTime =
    hour! < 24 && minute! < 60 && second! < 60 && Number(found[9] ?? 0) < 24 && Number(found[10] ?? 0) < 60;
  if (!isDay || !isTime) return undefined;
  const local = date.getTime() / 1000 + 3600 * hour! + 60 * minute! + second!;
  return { sec: found[8] === "-" ? local + zone : local - zone, nsec: Number((found[7] ?? "").padEnd(9, "0")) };
}
