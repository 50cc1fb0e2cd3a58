/**
 * Attributes by the program getfattr, which xargs calls with as many paths at a time as the system takes: paths go in and
 * attributes come out while both run, each in the order of the entries.
 */
import type { ChildProcess } from "node:child_process";
import { bytesFromLatin1, latin1FromBytes, showBytes } from "../../../core/bytes.ts";
import { ImageError } from "../../../core/error.ts";
import { sourceError } from "../../../core/node/node-errors.ts";
import type { JobContext } from "../../../core/threads/threads.ts";
import { isLongPath, withShortPath } from "../disk/node-paths.ts";
import type { FoundSets } from "./found-sets.ts";
import { GetfattrOutput } from "./getfattr-output.ts";
import type { XattrNames } from "./names.ts";
import type { EntryPaths } from "./node-entry-paths.ts";
import { requireModule } from "./node-require.ts";

const COMMAND = "xargs";
// -r: where nothing lies on disk there is nothing to ask
const ARGUMENTS = ["-0", "-r", "getfattr", "-h", "-d", "-m", "-", "-e", "hex", "--absolute-names", "--"];
/** Names stand in messages as they are. */
const ENVIRONMENT = { ...process.env, LC_ALL: "C" };
/** Bytes of paths that are handed over at a time. */
const PIECE_BYTES = 64 * 1024;
/** What is kept of its complaints: more than one of them can be long. */
const MOST_SAID = 64 * 1024;
/** How xargs ends where the program has complained. */
const SOME_FAILED = 123;
/** Complaints that a filesystem has no attributes: EOPNOTSUPP, ENOSYS; not those about one attribute, whose name is in them. */
const NO_ATTRIBUTES =
  /^getfattr: (?!.*: (?:user|trusted|security|system)\.[^/\n]*: ).*: (?:Operation not supported|Function not implemented)\n/gm;

/** What starts processes, which takes some milliseconds to load. */
function loadProcesses(): typeof import("node:child_process") {
  return requireModule("node:child_process") as typeof import("node:child_process");
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
  // also when the build is aborted, which waits for none of them
  const start = (): ChildProcess => {
    const child = spawn(COMMAND, ARGUMENTS, { env: ENVIRONMENT, stdio: ["pipe", "pipe", "pipe"] });
    job.keep({ release: () => end(child) });
    return child;
  };
  await Promise.all(parts.map(async (work) => run(start(), work)));
}

/** Ends a process, and the one that it has started as soon as that prints something. */
function end(child: ChildProcess): void {
  child.kill();
  child.stdout?.destroy();
}

/** Feeds the program and takes what it prints until it ends. */
function run(child: ChildProcess, work: GetfattrWork): Promise<void> {
  return new Promise((resolve, reject) => {
    const output = new GetfattrOutput(new EntryMatcher(work));
    const complaints = new Complaints();
    const long: number[] = [];
    const attempt = (step: () => void) => {
      try {
        step();
      } catch (error) {
        reject(error);
        end(child);
      }
    };
    child.once("error", (cause) => reject(notStarted(cause)));
    const { stdin, stdout, stderr } = child;
    // where too many files are open there are none
    if (!stdin || !stdout || !stderr) return;
    stdout.setEncoding("latin1").on("data", (text: string) => attempt(() => output.take(text)));
    stderr.setEncoding("latin1").on("data", (text: string) => complaints.take(text));
    child.once("close", (status) =>
      attempt(() => {
        complaints.check(status);
        output.finish();
        for (const entry of long) readLong(work, entry);
        resolve();
      }),
    );
    const pieces = joinPaths(work, long);
    const feed = () =>
      attempt(() => {
        for (let piece = pieces.next(); !piece.done; piece = pieces.next()) {
          if (!stdin.write(piece.value)) return;
        }
        stdin.end();
      });
    // one that has ended says why by its status
    stdin.on("error", () => undefined).on("drain", feed);
    feed();
  });
}

/** The paths of entries, a NUL behind each, some at a time. @param long gets the entries whose paths no process takes */
function* joinPaths({ pathsOf, entries }: GetfattrWork, long: number[]): Generator<Buffer, void> {
  const paths = pathsOf();
  let piece = Buffer.allocUnsafe(2 * PIECE_BYTES);
  let length = 0;
  for (const entry of entries) {
    const path = paths.path(entry);
    if (path === undefined) continue;
    if (isLongPath(path)) {
      long.push(entry);
      continue;
    }
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
    this.#set.push({ name, value });
  }

  end(): void {
    storeSet(this.#work, this.#entry, this.#set);
    this.#set = [];
  }
}

/** Gives an entry those of its attributes that images hold. */
function storeSet({ found, names }: GetfattrWork, entry: number, set: NamedValue[]): void {
  let isHomeless = false;
  for (const { name, value } of set.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const fate = names.fate(name);
    if (fate === "taken") found.add(bytesFromLatin1(name), value);
    else if (fate === "homeless") isHomeless = true;
  }
  found.store(entry);
  if (isHomeless) found.leaveOut(entry);
}

/** Reads the attributes of an entry whose path is too long, by a descriptor of this process that the program goes through. */
function readLong(work: GetfattrWork, entry: number): void {
  const path = work.pathsOf().path(entry)!;
  const ours = (short: Buffer) => short.toString("latin1").replace("/proc/self/", `/proc/${process.pid}/`);
  try {
    const set = withShortPath(path, (short) => getfattr(Buffer.from(ours(short), "latin1")));
    storeSet(work, entry, set);
  } catch (cause) {
    throw sourceError(path, cause);
  }
}

/** The attributes of what lies at one path, by a process of its own. */
export function getfattr(path: Buffer): NamedValue[] {
  const { spawnSync } = loadProcesses();
  const input = Buffer.concat([path, Buffer.alloc(1)]);
  const limits = { maxBuffer: Number.POSITIVE_INFINITY };
  const { status, stdout, stderr, error } = spawnSync(COMMAND, ARGUMENTS, { env: ENVIRONMENT, input, ...limits });
  if (error) throw notStarted(error);
  const complaints = new Complaints();
  complaints.take(stderr.toString("latin1"));
  complaints.check(status);
  const set: NamedValue[] = [];
  const attribute = (name: string, value: Uint8Array) => set.push({ name, value });
  const output = new GetfattrOutput({ file: () => undefined, attribute, end: () => undefined });
  output.take(stdout.toString("latin1"));
  output.finish();
  return set;
}

function notStarted(cause: Error): ImageError {
  return new ImageError("IO", `getfattr: ${cause.message}`, { cause });
}

/** What the program has to say, `getfattr: PATH: REASON`. */
class Complaints {
  #said = "";
  /** Some files lie where there are no attributes, which is no reason to complain. */
  #hasNone = false;

  take(text: string): void {
    if (this.#said.length >= MOST_SAID) return;
    this.#said = (this.#said + text).replace(NO_ATTRIBUTES, () => {
      this.#hasNone = true;
      return "";
    });
  }

  /** Throws the first complaint, as an error about that path, unless the program has ended well. */
  check(status: number | null): void {
    const isWell = status === 0 || (status === SOME_FAILED && this.#hasNone && this.#said === "");
    if (!isWell) throw complaint(this.#said, status);
  }
}

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
