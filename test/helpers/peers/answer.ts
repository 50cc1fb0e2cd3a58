/** What a program makes of a line of options. */
import { execFile } from "node:child_process";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type PeerFacts, readPeerFacts } from "./facts.ts";
import type { PeerOwner } from "./source.ts";
import { type Outcome, wordsOf } from "./table.ts";
import { PEER_IMAGE, type PeerTool } from "./tools.ts";

/** An answer. */
export interface PeerAnswer {
  readonly outcome: Outcome;
  /** The first line of its complaint, or of what it prints. */
  readonly says: string;
  /** Of an image: what there is to compare, or why it cannot be read here. */
  readonly facts?: PeerFacts | string;
}

/** Where lines are tried. */
export interface PeerPlace {
  readonly folder: string;
  readonly owner: PeerOwner;
}

/** Runs a line by a program. Words with `=` before the first option are its environment; `IMAGE` says where that stands. */
export async function askLine(
  program: readonly [string, ...string[]],
  { complete, name, banner, countsSubdirectories }: PeerTool,
  line: string,
  { folder, owner }: PeerPlace,
): Promise<PeerAnswer> {
  const words = wordsOf(line);
  const first = words.findIndex((word) => !/^[A-Z_]+=/.test(word));
  const settings = words.splice(0, first < 0 ? words.length : first).map((word) => word.split(/=(.*)/s, 2));
  const all = words.includes("IMAGE") ? words.map((word) => (word === "IMAGE" ? PEER_IMAGE : word)) : complete(words);
  const image = `${folder}/${PEER_IMAGE}`;
  const before = new Set(readdirSync(folder));
  const [file, ...start] = program;
  const { SOURCE_DATE_EPOCH: _, ...rest } = process.env;
  const env = { ...rest, TZ: "UTC", LC_ALL: "C", ...Object.fromEntries(settings) };
  const ran = await run(file, [...start, ...all], { cwd: folder, env });
  const isMade = ran.status === 0 && existsSync(image);
  const outcome = isMade ? "image" : ran.status === 0 ? "text" : ran.status === null ? "crash" : "refused";
  const said = `${ran.err}\n${ran.out}`.replaceAll(file, name).split("\n");
  const says = said.find((text) => text.trim() !== "" && !banner.test(text)) ?? "";
  const bytes = isMade ? readFileSync(image) : undefined;
  // the image, and what else a line has written
  for (const name of readdirSync(folder)) if (!before.has(name)) rmSync(`${folder}/${name}`, { recursive: true });
  if (!bytes) return { outcome, says };
  return { outcome, says: ran.err === "" ? "" : says, facts: await readPeerFacts(bytes, owner, countsSubdirectories) };
}

/** Runs a program that is given nothing to read; its output is latin1, and without a status it was ended by a signal. */
function run(file: string, words: readonly string[], options: { cwd: string; env: NodeJS.ProcessEnv }) {
  return new Promise<{ status: number | null; out: string; err: string }>((resolve, reject) => {
    const child = execFile(file, words, { ...options, encoding: "latin1", timeout: 60_000 }, (error, out, err) => {
      if (typeof error?.code === "string") reject(error);
      else resolve({ status: child.exitCode, out, err });
    });
    child.stdin!.on("error", () => {}); // it may have ended without a look at it
    child.stdin!.end();
  });
}
