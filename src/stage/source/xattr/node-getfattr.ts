/**
 * Attributes by the program getfattr, which xargs calls with as many paths at a time as the system takes: paths go in and
 * attributes come out while both run, each in the order of the entries.
 */
import type { ChildProcess } from "node:child_process";
import { createRequire } from "node:module";
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError } from "../../../core/node/node-errors.ts";
import type { JobContext } from "../../../core/threads.ts";
import type { FoundSets } from "./found-sets.ts";
import { GetfattrOutput } from "./getfattr-output.ts";
import type { XattrNames } from "./names.ts";
import type { EntryPaths } from "./node-entry-paths.ts";

const COMMAND = "xargs";
// -r: where nothing lies on disk there is nothing to ask
const ARGUMENTS = ["-0", "-r", "getfattr", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];
/** Names stand in messages as they are. */
const ENVIRONMENT = { ...process.env, LC_ALL: "C" };
/** Bytes of paths that are handed over at a time. */
const PIECE_BYTES = 64 * 1024;
/** What is kept of its complaints. */
const MOST_SAID = 4096;
/** How often it is asked whether the build goes on. */
const CHECK_MS = 100;

/** What starts processes, which takes some milliseconds to load. */
function loadProcesses(): typeof import("node:child_process") {
  return createRequire(import.meta.url)("node:child_process") as typeof import("node:child_process");
}

/** An attribute by its full name, a latin1 string. */
export interface NamedValue {
  name: string;
  value: Uint8Array;
}

/** What is to be read, and where it goes. */
export interface GetfattrWork {
  /** Makes the paths of entries; called anew by each who goes through them. */
  pathsOf(): EntryPaths;
  /** Entries, of which those that lie nowhere are left out. */
  entries: Iterable<number>;
  found: FoundSets;
  names: XattrNames;
}

/** Reads the attributes of entries, each part by a process of its own. Throws for an entry that the program refuses. */
export async function readByGetfattr(job: JobContext, parts: readonly GetfattrWork[]): Promise<void> {
  const { spawn } = loadProcesses();
  const children: ChildProcess[] = [];
  const timer = setInterval(() => {
    if (isOver(job)) for (const child of children) child.kill();
  }, CHECK_MS);
  try {
    await Promise.all(
      parts.map((work) => {
        const child = spawn(COMMAND, ARGUMENTS, { env: ENVIRONMENT, stdio: ["pipe", "pipe", "pipe"] });
        children.push(child);
        return run(child, work);
      }),
    );
  } catch (error) {
    // an aborted build ends for that reason, not because its process was killed
    job.control.check();
    throw error;
  } finally {
    clearInterval(timer);
    for (const child of children) child.kill();
  }
  job.control.check();
}

function isOver(job: JobContext): boolean {
  try {
    job.control.check();
    return false;
  } catch {
    return true;
  }
}

/** Feeds the program and takes what it prints until it ends. */
function run(child: ChildProcess, work: GetfattrWork): Promise<void> {
  return new Promise((resolve, reject) => {
    const output = new GetfattrOutput(new EntryMatcher(work));
    let said = "";
    const fail = (error: unknown) => {
      reject(error);
      child.kill();
    };
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        fail(error);
      }
    };
    child.stdout!.setEncoding("latin1").on("data", (text: string) => attempt(() => output.take(text)));
    child.stderr!.setEncoding("latin1").on("data", (text: string) => {
      if (said.length < MOST_SAID) said += text;
    });
    child.once("error", fail).once("close", (status) =>
      attempt(() => {
        if (status !== 0) throw complaint(said, status);
        output.finish();
        resolve();
      }),
    );
    const pieces = joinPaths(work);
    const feed = () =>
      attempt(() => {
        for (let piece = pieces.next(); !piece.done; piece = pieces.next()) {
          if (!child.stdin!.write(piece.value)) return;
        }
        child.stdin!.end();
      });
    // one that has ended says why by its status
    child.stdin!.on("error", () => undefined).on("drain", feed);
    feed();
  });
}

/** The paths of entries, a NUL behind each, some at a time. */
function* joinPaths({ pathsOf, entries }: GetfattrWork): Generator<Buffer, void> {
  const paths = pathsOf();
  let piece = Buffer.allocUnsafe(2 * PIECE_BYTES);
  let length = 0;
  for (const entry of entries) {
    const path = paths.path(entry);
    if (path === undefined) continue;
    if (length + path.length + 1 > piece.length) {
      yield piece.subarray(0, length);
      piece = Buffer.allocUnsafe(Math.max(2 * PIECE_BYTES, path.length + 1));
      length = 0;
    }
    length += path.copy(piece, length);
    piece[length++] = 0;
  }
  if (length > 0) yield piece.subarray(0, length);
}

/** Finds the entries that output is about: they come in their order, those without attributes left out. */
class EntryMatcher {
  readonly #work: GetfattrWork;
  readonly #paths: EntryPaths;
  readonly #entries: Iterator<number>;
  #entry = 0;
  #set: NamedValue[] = [];
  #isHomeless = false;

  constructor(work: GetfattrWork) {
    this.#work = work;
    this.#paths = work.pathsOf();
    this.#entries = work.entries[Symbol.iterator]();
  }

  file(path: string): void {
    for (let next = this.#entries.next(); !next.done; next = this.#entries.next()) {
      this.#entry = next.value;
      const own = this.#paths.path(this.#entry);
      if (own !== undefined && latin1FromBytes(own) === path) return;
    }
    const shown = showBytes(bytesFromLatin1(path));
    throw new ImageError("INTERNAL", `${shown}: getfattr was not asked for it`, { path: shown });
  }

  attribute(name: string, value: Uint8Array): void {
    const fate = this.#work.names.fate(name);
    if (fate === "taken") this.#set.push({ name, value });
    else if (fate === "homeless") this.#isHomeless = true;
  }

  end(): void {
    const { found } = this.#work;
    this.#set.sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const { name, value } of this.#set) found.add(bytesFromLatin1(name), value);
    found.store(this.#entry);
    if (this.#isHomeless) found.leaveOut(this.#entry);
    this.#set = [];
    this.#isHomeless = false;
  }
}

/** The attributes of what lies at one path, by a process of its own. */
export function getfattr(path: Buffer): NamedValue[] {
  const { spawnSync } = loadProcesses();
  const input = Buffer.concat([path, Buffer.alloc(1)]);
  const { status, stdout, stderr, error } = spawnSync(COMMAND, ARGUMENTS, { env: ENVIRONMENT, input });
  if (error) throw error;
  if (status !== 0) throw complaint(stderr.toString("latin1"), status);
  const set: NamedValue[] = [];
  const attribute = (name: string, value: Uint8Array) => set.push({ name, value });
  const output = new GetfattrOutput({ file: () => undefined, attribute, end: () => undefined });
  output.take(stdout.toString("latin1"));
  output.finish();
  return set;
}

/** The first thing that the program has said, `getfattr: PATH: REASON`, as an error about that path. */
function complaint(said: string, status: number | null): ImageError {
  const [, path, reason] = /^getfattr: (.*): ([^:\n]+)$/m.exec(said) ?? [];
  if (path === undefined) {
    const line = showBytes(bytesFromLatin1(said.trim().split("\n")[0]!));
    return new ImageError("IO", `getfattr: ${line || `ended with status ${status}`}`);
  }
  const codes: Readonly<Record<string, string>> = {
    "No such file or directory": "ENOENT",
    "Not a directory": "ENOTDIR",
  };
  const code = codes[reason!] ?? "EIO";
  return sourceError(
    bytesFromLatin1(path),
    Object.assign(new Error(`${code}: ${reason}, getfattr`), { code, syscall: "getfattr" }),
  );
}
