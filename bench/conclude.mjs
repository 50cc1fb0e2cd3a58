// The end of a run: its figures are shown and kept, and say how the process ends.
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** @import { Reading, RunRecord } from "./types.ts" */

/**
 * Shows `record`, writes it to `options.json` and, with `options.write`, to the Markdown file `results`; gives the exit
 * status: 1 where a case failed or, with `options.assert`, a promise was missed.
 * @template {RunRecord & { reading?: Reading }} R
 * @param {R} record
 * @param {{
 *   asText: (record: R) => string,
 *   asMarkdown: (record: R) => string,
 *   results: string,
 *   options: { json: string, write: boolean, assert: boolean },
 * }} how
 */
export function conclude(record, { asText, asMarkdown, results, options }) {
  process.stdout.write(`\n${asText(record)}`);
  mkdirSync(dirname(options.json), { recursive: true });
  writeFileSync(options.json, `${JSON.stringify(record, null, 2)}\n`);
  if (options.write) writeFileSync(results, asMarkdown(record));
  const { rows, reading, promises } = record;
  const broken = [...rows, ...(reading?.rows ?? [])].some((row) => row.failure);
  // Nothing measured must not look like everything met.
  const missed = promises.some(({ met }) => met === false) || promises.every(({ met }) => met === undefined);
  return broken || (options.assert && missed) ? 1 : 0;
}
