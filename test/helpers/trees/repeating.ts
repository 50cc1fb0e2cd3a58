/** Contents that compress well: a log, JSON, zeros. The same bytes on every machine. */

/** By name. */
export function repeatingContents(): Record<string, Buffer> {
  let seed = 1;
  const next = (limit: number) => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((seed / 2 ** 31) * limit);
  };
  const log: string[] = [];
  for (let line = 0, time = 1_700_000_000; line < 26_000; line++) {
    time += next(3);
    const status = next(20) === 0 ? 404 : 200;
    log.push(
      `${time} web${next(3)} app[1234]: INFO request handled path=/api/v1/items status=${status} duration=${next(30)}ms\n`,
    );
  }
  const records = Array.from({ length: 20_000 }, (_, id) => ({
    id,
    name: `item ${id}`,
    enabled: id % 3 === 0,
    tags: ["a", "b", "c"],
    nested: { x: id % 7, y: null },
  }));
  return {
    log: Buffer.from(log.join("")),
    json: Buffer.from(JSON.stringify(records, undefined, 2)),
    zeros: Buffer.alloc(20_000_000),
  };
}
