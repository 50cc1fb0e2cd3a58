/**
 * Builds under trouble, of which each must end in one of two ways: the image is there and right; or the status says that it
 * is not, one line says why and of what, and the old image is as it was. Nothing else is left behind in either.
 */
import { chmodSync, mkdirSync } from "node:fs";
import type { Campaign, Outcome } from "./campaign.ts";
import { changeSource, failSource, failTarget, killThread, shorten, signalAt } from "./faults/at-calls.ts";
import { Bench } from "./faults/bench.ts";
import { BUILDS, type Build } from "./faults/builds.ts";
import {
  badTarget,
  closed,
  damaged,
  fullDisk,
  limited,
  littleMemory,
  signalAnyTime,
  smallDisk,
} from "./faults/surroundings.ts";
import { choices, type Random } from "./random.ts";

type Trouble = (bench: Bench, build: Build, random: Random) => Promise<Outcome>;

/** Each as often as it stands here. */
const TROUBLES: readonly Trouble[] = [
  ...[failSource, failSource, failSource, failTarget, failTarget, failTarget, shorten],
  ...[changeSource, changeSource, changeSource, changeSource, killThread, signalAt, signalAnyTime, signalAnyTime],
  ...[fullDisk, fullDisk, closed, limited, limited, littleMemory, badTarget, badTarget, damaged, damaged],
];

/** Builds under trouble. */
export const faults: Campaign = {
  what: "builds under trouble: calls that fail, files that change, signals, full disks, limits; as root on Linux",
  runs: 600,
  start(folder) {
    mkdirSync(folder, { recursive: true });
    // another user has to get to what is in it
    chmodSync(folder, 0o755);
    const bench = new Bench(folder);
    return {
      run: async (seed) => {
        const random = choices(seed);
        const build = random.pick(BUILDS);
        await bench.prepare(build);
        return random.pick(TROUBLES)(bench, build, random);
      },
    };
  },
};

/** Pages of a disk that is larger than any image of the small tree. */
const MOST_PAGES = 800;

/** Disks of every size: each run's has a page more than that of the one before. */
export const disks: Campaign = {
  what: `builds onto disks in memory, a page larger with each run; after ${MOST_PAGES} another build; as root on Linux`,
  runs: MOST_PAGES * BUILDS.length,
  start(folder) {
    chmodSync(folder, 0o755);
    const bench = new Bench(folder);
    return {
      run: async (seed) => {
        const build = BUILDS[Math.floor(seed / MOST_PAGES) % BUILDS.length]!;
        await bench.prepare(build);
        const outcome = await smallDisk(bench, build, { isTarget: true, pages: 1 + (seed % MOST_PAGES) });
        return { ...outcome, kind: `a disk for ${build.name}` };
      },
    };
  },
};
