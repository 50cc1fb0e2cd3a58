/** The recorded answers of a C tool: `test/fixtures/peers/TOOL.json`. `npm run record:peers` writes them anew. */
import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { askLine, type PeerAnswer, type PeerPlace } from "./answer.ts";
import type { PeerFacts } from "./facts.ts";
import type { PeerTool } from "./tools.ts";

/** Answers of a tool. */
export interface PeerRecord {
  readonly version: string;
  /** Every option that its `--help` names. */
  readonly options: readonly string[];
  readonly answers: ReadonlyMap<string, PeerAnswer>;
}

/** As it is written: trees that are alike stand there once. */
interface RecordFile {
  version: string;
  options: readonly string[];
  trees: (readonly string[])[];
  answers: Record<string, RecordedAnswer>;
}

type RecordedAnswer = Omit<PeerAnswer, "facts"> & { image?: PeerFacts["image"] | string; tree?: number };

function fileOf({ name }: PeerTool): URL {
  return new URL(`../../fixtures/peers/${name}.json`, import.meta.url);
}

/** Where a tool is that shall be recorded now: `RECORD_PEERS` holds a JSON object of paths by the options of the script. */
export function recordingPath({ option }: PeerTool): string | undefined {
  const paths = JSON.parse(process.env.RECORD_PEERS ?? "{}") as Record<string, string>;
  return paths[option];
}

/** Asks a tool all lines, and keeps what it answers. */
export async function recordPeer(tool: PeerTool, path: string, lines: readonly string[], place: PeerPlace) {
  const print = (words: readonly string[]) => {
    const { stdout, stderr } = spawnSync(path, words, { encoding: "utf8", env: { ...process.env, COLUMNS: "80" } });
    return `${stdout}${stderr}`;
  };
  const [words, pattern] = tool.version;
  const version = pattern.exec(print([words]))?.[1];
  if (version === undefined) throw new Error(`${path} is no ${tool.name}`);
  const options = optionsIn(print(tool.help));
  const file: RecordFile = { version, options, trees: [], answers: {} };
  const known = new Map<string, number>();
  for (const line of lines) {
    const { facts, ...answer } = await askLine([path], tool, line, place);
    file.answers[line] = answer;
    if (typeof facts === "string") file.answers[line] = { ...answer, image: facts };
    else if (facts) {
      const key = facts.tree.join("\n");
      const tree = known.get(key) ?? file.trees.push(facts.tree) - 1;
      known.set(key, tree);
      file.answers[line] = { ...answer, image: facts.image, tree };
    }
  }
  writeFileSync(fileOf(tool), `${JSON.stringify(file, undefined, 2)}\n`);
}

/** The options that a usage text names at the beginning of its lines: `-V`, `--version`, `--zD`. */
function optionsIn(help: string): string[] {
  const found = help.matchAll(/^[ \t]{0,8}(-{1,2}[A-Za-z][\w-]*(?:[^\n]*?, -{1,2}[A-Za-z][\w-]*)*)/gm);
  const names = [...found].flatMap(([, part]) => part!.match(/(?<![\w-])--?[A-Za-z][\w-]*/g)!);
  // of mkfs.erofs, what a letter takes stands directly behind it: -zX
  return [...new Set(names.map((name) => name.replace(/^(-[A-Za-z])X$/, "$1")))];
}

/** Reads what was recorded. */
export function readRecord(tool: PeerTool): PeerRecord {
  const { trees, answers, ...rest } = JSON.parse(readFileSync(fileOf(tool), "utf8")) as RecordFile;
  const entries = Object.entries(answers).map(([line, { image, tree, ...answer }]) => {
    if (image === undefined) return [line, answer] as const;
    const facts = typeof image === "string" ? image : { image, tree: trees[tree!]! };
    return [line, { ...answer, facts }] as const;
  });
  return { ...rest, answers: new Map(entries) };
}
