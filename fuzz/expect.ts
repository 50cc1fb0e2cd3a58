/** A few runs of a campaign, as a test. */
import { expect } from "vitest";
import { removeTree } from "../test/helpers/scratch.ts";
import { type Campaign, formatTally, makeRuns } from "./campaign.ts";
import { makeFolder } from "./folder.ts";

/** Makes runs with fixed seeds, and expects that nothing is found. */
export async function expectNoFindings(campaign: Campaign, { seed, runs }: { seed: number; runs: number }) {
  const folder = makeFolder();
  const started = await campaign.start(folder);
  try {
    const tally = await makeRuns(started, seed, runs);
    expect(tally.findings, formatTally(tally)).toEqual([]);
    return tally;
  } finally {
    await started.end?.();
    removeTree(folder);
  }
}
