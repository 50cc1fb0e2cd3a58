/** The command behind `npm run fuzz`. */
import { rmSync } from "node:fs";
import { parseArgs } from "node:util";
import { formatTally, makeRuns, type Tally } from "./campaign.ts";
import { CAMPAIGNS } from "./campaigns.ts";
import { makeFolder } from "./folder.ts";

const HELP = `Usage: npm run fuzz -- CAMPAIGN [--seed=N] [--runs=N] [--dir=DIR]
  --seed=N   the number of the first run, which decides all that it does; the next one has N + 1 (default 1)
  --runs=N   how many runs there are
  --dir=DIR  where they work (default: in memory, where there is /dev/shm)
Exit status: 0 nothing was found, 1 something was, 2 wrong usage. The campaigns:
${Object.entries(CAMPAIGNS)
  .map(([name, { what, runs }]) => `  ${name.padEnd(8)} ${what} (${runs} runs)\n`)
  .join("")}`;

/** Runs the command to its end; gives its exit status. */
export async function runFuzz(argv: string[]): Promise<number> {
  const text = { type: "string" } as const;
  const options = { seed: text, runs: text, dir: text, help: { type: "boolean" } } as const;
  const { values, positionals } = parseArgs({ args: argv, options, allowPositionals: true });
  const campaign = CAMPAIGNS[positionals[0] ?? ""];
  if (values.help || campaign === undefined || positionals.length > 1) {
    process.stdout.write(HELP);
    return values.help ? 0 : 2;
  }
  const seed = toNumber(values.seed, 1);
  const runs = toNumber(values.runs, campaign.runs);
  const folder = makeFolder(values.dir);
  const started = await campaign.start(folder);
  try {
    const tally = await makeRuns(started, seed, runs, showProgress(runs));
    for (const finding of tally.findings) {
      const again = `npm run fuzz -- ${positionals[0]} --seed=${finding.seed} --runs=1`;
      process.stdout.write(`\nFINDING ${finding.kind} (${again})\n${finding.text}\n`);
    }
    process.stdout.write(`\n${positionals[0]} from seed ${seed}:\n${formatTally(tally)}`);
    return tally.findings.length === 0 ? 0 : 1;
  } finally {
    await started.end?.();
    rmSync(folder, { recursive: true, force: true });
  }
}

function toNumber(given: string | undefined, otherwise: number): number {
  const number = given === undefined ? otherwise : Number(given);
  if (!Number.isInteger(number) || number < 0) throw new Error(`${given} is no number of runs`);
  return number;
}

/** A line a minute, and one for each finding at once. */
function showProgress(runs: number): (tally: Tally) => void {
  let last = Date.now();
  let found = 0;
  return ({ runs: done, findings }) => {
    for (; found < findings.length; found++) {
      const { seed, kind, text } = findings[found]!;
      process.stderr.write(`seed ${seed}, ${kind}: ${text.split("\n")[0]}\n`);
    }
    if (Date.now() - last < 60_000) return;
    last = Date.now();
    process.stderr.write(`${done} of ${runs} runs, ${findings.length} findings\n`);
  };
}
