/** What all campaigns have in common: runs that are decided by a number each, and are counted by what they tried. */

/** Runs of one kind. */
export interface Campaign {
  /** What a run does, in a line. */
  readonly what: string;
  /** How many runs there are if nobody says. */
  readonly runs: number;
  /** Gets ready to run; what it writes goes into an empty folder, which is removed afterwards. */
  start(folder: string): Runs | Promise<Runs>;
}

/** A campaign that is ready. */
export interface Runs {
  /** Makes the run that a number below 2^32 decides. */
  run(seed: number): Outcome | Promise<Outcome>;
  /** Takes away what is not in the folder. */
  end?(): void | Promise<void>;
}

/** What a run came to. */
export interface Outcome {
  /** What it tried; runs of one kind are counted together. */
  kind: string;
  /** What became of it, in a word or two, for the count. */
  result: string;
  /** What is wrong with that, in lines for people; undefined: nothing. */
  finding?: string | undefined;
}

/** A finding, and how to come by it. */
export interface Finding {
  seed: number;
  kind: string;
  text: string;
}

/** What some runs came to, counted. */
export interface Tally {
  runs: number;
  /** kind -> result -> runs */
  counts: Map<string, Map<string, number>>;
  findings: Finding[];
}

/**
 * Makes `runs` runs, whose numbers begin with `seed`. A run that throws is a finding too.
 *
 * @param onRun told of each that is over
 */
export async function makeRuns(
  { run }: Runs,
  seed: number,
  runs: number,
  onRun: (tally: Tally) => void = () => undefined,
): Promise<Tally> {
  const tally: Tally = { runs: 0, counts: new Map(), findings: [] };
  for (let nr = 0; nr < runs; nr++) {
    const own = (seed + nr) >>> 0;
    const outcome = await outcomeOf(run, own);
    const { kind, finding } = outcome;
    const result = finding === undefined ? outcome.result : "FINDING";
    const results = tally.counts.get(kind) ?? new Map<string, number>();
    tally.counts.set(kind, results.set(result, (results.get(result) ?? 0) + 1));
    if (finding !== undefined) tally.findings.push({ seed: own, kind, text: finding });
    tally.runs++;
    onRun(tally);
  }
  return tally;
}

async function outcomeOf(run: Runs["run"], seed: number): Promise<Outcome> {
  try {
    return await run(seed);
  } catch (error) {
    return { kind: "?", result: "?", finding: (error instanceof Error && error.stack) || String(error) };
  }
}

/** The counts as lines, a kind each. */
export function formatTally({ runs, counts, findings }: Tally): string {
  const kinds = [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
  const width = Math.max(...kinds.map(([kind]) => kind.length), 0);
  const lines = kinds.map(([kind, results]) => {
    const each = [...results].sort(([a], [b]) => (a < b ? -1 : 1)).map(([result, count]) => `${result} ${count}`);
    const sum = [...results.values()].reduce((total, count) => total + count, 0);
    return `${kind.padEnd(width)} ${String(sum).padStart(6)}  ${each.join(", ")}\n`;
  });
  return `${lines.join("")}${runs} runs, ${findings.length} findings\n`;
}
