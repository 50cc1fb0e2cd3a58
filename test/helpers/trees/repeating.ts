/** Contents that compress well: a log, JSON, zeros, numbers in a row, noise that is there again. The same on every machine. */

import { noise } from "./noise.ts";

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
  const again = (part: Buffer, times: number) => Buffer.concat(Array.from({ length: times }, () => part));
  const zeros = Buffer.alloc(1_000_000);
  return {
    "20 KB of noise": again(noise(1, 20_000), 100),
    "150 KB of noise": again(noise(2, 150_000), 20),
    "noise before it": Buffer.concat([noise(3, 70_000), again(noise(4, 30_000), 20)]),
    counter: Buffer.from(Uint32Array.from({ length: 1 << 19 }, (_, index) => index).buffer),
    "zeros around noise": Buffer.concat([zeros, noise(5, 9000), zeros]),
    log: Buffer.from(log.join("")),
    json: Buffer.from(JSON.stringify(records, undefined, 2)),
    zeros: Buffer.alloc(20_000_000),
  };
}
