/**
 * The options of the C tools, line by line: what `docs/options.md` says comes of each there is what they answered, and
 * what it says comes of it here is what our commands do. `npm run record:peers` asks the C tools anew.
 */
import { beforeAll, describe, expect, test } from "vitest";
import { commandPath } from "../helpers/commands.ts";
import { askLine, type PeerPlace } from "../helpers/peers/answer.ts";
import { readRecord, recordingPath, recordPeer } from "../helpers/peers/record.ts";
import { makePeerFolder } from "../helpers/peers/source.ts";
import { readPeerTable, wordsOf } from "../helpers/peers/table.ts";
import { PEER_TOOLS } from "../helpers/peers/tools.ts";
import { makeScratch } from "../helpers/scratch.ts";

const scratch = makeScratch("peers");
const place: { -readonly [K in keyof PeerPlace]: PeerPlace[K] } = { folder: scratch, owner: { uid: 0, gid: 0 } };
beforeAll(() => {
  place.owner = makePeerFolder(scratch);
});

describe.each(PEER_TOOLS)("$name", (tool) => {
  const { rows, version } = readPeerTable(tool.name);
  const lines = rows.map(({ line }) => line);
  const path = recordingPath(tool);
  if (path !== undefined) beforeAll(() => recordPeer(tool, path, lines, place), 600_000);
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

  test.each(rows)("$line", async ({ line, there, here, why }) => {
    const theirs = record().answers.get(line)!;
    expect(theirs.outcome).toBe(there);
    const ours = await askLine([process.execPath, commandPath(tool.ours)], tool, line, place);
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
