/** Images that are changed at random: whatever is in them, readers say so in one line, in little time and memory. */
import type { Campaign, Outcome } from "./campaign.ts";
import { type Fields, findFields } from "./images/fields.ts";
import { mutate } from "./images/mutate.ts";
import { probe } from "./images/probe.ts";
import { makeSeeds, type Seed } from "./images/seeds.ts";
import { Watchdog } from "./images/watchdog.ts";
import { choices } from "./random.ts";

/** Milliseconds that reading one may take: it takes about ten. */
const MOST_TIME = 10_000;
/** Dumps and checks take most of the time: one in so many is also read by these. */
const THOROUGH_ONE_IN = 4;

/** Images of one format. */
export function images(format: "erofs" | "squashfs"): Campaign {
  return {
    what: `changed images of ${format}: they are read, or refused in a line, in little time and memory`,
    runs: 20_000,
    async start(folder) {
      const seeds = await makeSeeds(format, folder);
      const fields = new Map<Seed, Fields>();
      for (const seed of seeds) fields.set(seed, await findFields(seed.image));
      const watchdog = new Watchdog(MOST_TIME * 3);
      return {
        run: (seed) => watchdog.watch(seed, () => run(seed, seeds, fields)),
        end: () => watchdog.end(),
      };
    },
  };
}

async function run(seed: number, seeds: readonly Seed[], fields: ReadonlyMap<Seed, Fields>): Promise<Outcome> {
  const random = choices(seed);
  const from = random.pick(seeds);
  const { image, what } = mutate(from.image, fields.get(from)!, random);
  const start = process.cpuUsage();
  const { result, finding } = await probe(image, random.oneIn(THOROUGH_ONE_IN));
  const { user, system } = process.cpuUsage(start);
  const time = (user + system) / 1000;
  const slow = time > MOST_TIME ? `takes ${Math.round(time)} ms` : undefined;
  const wrong = finding ?? slow;
  return { kind: from.name, result, finding: wrong && `${what.join("; ")}\n${wrong}` };
}
