/**
 * Names of temporary files, which say what they are for and whose they are, so that the next build finds those of a process
 * that was killed.
 *
 *     .ts-mkerofs-4711-4711-8231077-9f3c21d0-0-box.img.tmp
 *                 |    |    |       |        | the target's name
 *                 |    |    |       |        counts the files of a thread
 *                 |    |    |       what the numbers before are numbers of: a system, a container in it
 *                 |    |    when the thread has started, since the machine has, as Linux counts it
 *                 process, thread
 *
 * Without Linux's /proc, thread and start are 0.
 */
import { lstatSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { basename, join } from "node:path";
import { encodeUtf8 } from "../bytes.ts";
import { crc32c } from "../hash/crc32c.ts";

const PREFIX = ".ts-mkerofs-";
const NAME = /^\.ts-mkerofs-(\d+)-(\d+)-(\d+)-([0-9a-f]{8})-\d+-(.*)\.tmp$/s;
/** Bytes of a target's name that are kept: names of 255 bytes are the longest there are. */
const MOST_BYTES = 100;

/** What a temporary file is for, as its name says it: a path, of which the name is kept as far as it fits. */
export function litterLabel(path: string): string {
  const name = basename(path);
  let cut = name;
  while (encodeUtf8(cut).length > MOST_BYTES) cut = [...cut].slice(0, -1).join("");
  return cut === path ? cut : `${cut}~${hash(path)}`;
}

/** The name of this thread's temporary file number `count`. */
export function litterName(count: number, label: string): string {
  return `${PREFIX}${whoAmI()}-${count}-${label}.tmp`;
}

/** Whether a file may be a temporary one by its name, a latin1 string. */
export function looksTemporary(name: string): boolean {
  return name.startsWith(PREFIX);
}

/** Whether a name is that of a temporary file whose maker runs, whatever it makes. */
export function isInUse(name: string): boolean {
  if (!looksTemporary(name)) return false;
  const [, process, thread, start, place] = NAME.exec(name) ?? [];
  return start !== undefined && place === thisPlace() && isRunning(Number(process), thread!, start);
}

/** Removes the temporary files of this label in a folder whose makers run no more. */
export function removeLitter(folder: string, label: string): void {
  for (const name of list(folder)) {
    const found = NAME.exec(name);
    if (!found || found[5] !== label) continue;
    const [, process, thread, start, place] = found;
    if (place !== thisPlace() || isRunning(Number(process), thread!, start!)) continue;
    removeOwn(join(folder, name));
  }
}

function list(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // a folder may be for writing only
    return [];
  }
}

/** Removes a file of this user's; in a folder for all, others might have put there what they want removed. */
function removeOwn(path: string): void {
  try {
    const stats = lstatSync(path);
    if (stats.isFile() && (process.getuid === undefined || stats.uid === process.getuid())) rmSync(path);
  } catch {
    // somebody else has removed it
  }
}

let place: string | undefined;

/** Where numbers of processes mean what they mean here. */
function thisPlace(): string {
  place ??= hash(
    [
      hostname(),
      attempt(() => readFileSync("/etc/machine-id", "latin1")),
      attempt(() => readlinkSync("/proc/self/ns/pid")),
    ].join(" "),
  );
  return place;
}

let me: string | undefined;

function whoAmI(): string {
  me ??= `${findMyself()}-${thisPlace()}`;
  return me;
}

function findMyself(): string {
  // "4711/task/4712"
  const [pid, , thread] = attempt(() => readlinkSync("/proc/thread-self"))?.split("/") ?? [];
  const start = attempt(() => readThread("/proc/thread-self"))?.start;
  return thread === undefined || start === undefined ? `${process.pid}-0-0` : `${pid}-${thread}-${start}`;
}

function isRunning(pid: number, thread: string, start: string): boolean {
  if (start !== "0") {
    const found = attempt(() => readThread(`/proc/${pid}/task/${thread}`));
    return found !== undefined && found.start === start && !found.isDead;
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** What proc_pid_stat(5) tells of a thread; one that is dead may be there until its parent has asked for it. */
function readThread(folder: string): { start: string; isDead: boolean } {
  const stat = readFileSync(`${folder}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return { start: fields[19]!, isDead: fields[0] === "Z" || fields[0] === "X" };
}

function hash(text: string): string {
  return crc32c(encodeUtf8(text)).toString(16).padStart(8, "0");
}

function attempt<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch {
    return undefined;
  }
}
