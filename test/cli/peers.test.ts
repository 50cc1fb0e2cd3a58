/**
 * The options of the C tools, line by line: what `docs/options.md` says comes of each there is what they answered, and
 * what it says comes of it here is what our commands do. `npm run record:peers` asks the C tools anew.
 */
import { mkdirSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { commandPath } from "../helpers/commands.ts";
import { askLine, type PeerPlace } from "../helpers/peers/answer.ts";
import { readRecord, recordingPath, recordPeer } from "../helpers/peers/record.ts";
import { makePeerFolder } from "../helpers/peers/source.ts";
import { readPeerTable, wordsOf } from "../helpers/peers/table.ts";
import { PEER_TOOLS } from "../helpers/peers/tools.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("peers");
/** Folders where no line is tried now: several are at once, each in a folder of its own. */
const free: PeerPlace[] = [];
let folders = 0;

async function withPlace<T>(work: (place: PeerPlace) => Promise<T>): Promise<T> {
  let place = free.pop();
  if (!place) {
    const folder = `${scratch}/${folders++}`;
    mkdirSync(folder);
    place = { folder, owner: makePeerFolder(folder) };
  }
  try {
    return await work(place);
  } finally {
    free.push(place);
  }
}

describe.each(PEER_TOOLS)("$name", (tool) => {
  const { rows, version } = readPeerTable(tool.name);
  const lines = rows.map(({ line }) => line);
  const path = recordingPath(tool);
  if (path !== undefined) {
    beforeAll(() => withPlace((place) => recordPeer(tool, path, lines, place)), 600_000);
  }
  const record = () => readRecord(tool);

  test("the page is about the version that was asked, and each line stands there once", () => {
    expect(record().version).toBe(version);
    expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
    expect([...record().answers.keys()]).toEqual(lines);
  });

  test("every option that its usage text names has a line", () => {
    const words = lines.flatMap(wordsOf);
    const isTried = (option: string) =>
      words.some((word) => {
        if (option.startsWith("--")) return word === option || word.startsWith(`${option}=`);
        // letters take what stands behind them, other options of one dash do not
        return word === option || (option.length === 2 && word.startsWith(option) && !word.startsWith("--"));
      });
    expect(record().options.length).toBeGreaterThan(10);
    expect(record().options.filter((option) => !isTried(option))).toEqual([]);
  });

  test.concurrent.each(rows)("$line", async ({ line, there, here, why }) => {
    const theirs = record().answers.get(line)!;
    expect(theirs.outcome).toBe(there);
    const program = [process.execPath, commandPath(tool.ours)] as const;
    const ours = await withPlace((place) => askLine(program, tool, line, place));
    if (ours.outcome === "refused" && there !== "refused") {
      expect(`refused: ${ours.says}`).toContain(`${here}: `);
      expect(ours.says).toContain(why);
      expect(why).not.toBe("");
    } else if (["crash", "refused"].includes(there) && ours.outcome !== "refused") {
      expect([here, why !== ""]).toEqual(["taken", true]);
    } else if (here === "different") {
      expect({ ...ours, says: "" }).not.toEqual({ ...theirs, says: "" });
      expect([ours.outcome, why !== ""]).toEqual([there, true]);
    } else {
      expect(here).toBe("same");
      expect({ ...ours, says: "" }).toEqual({ ...theirs, says: "" });
    }
  });
});
