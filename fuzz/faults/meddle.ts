/** Trouble at calls of the system, in every thread of a command: see {@link preload}. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { preload } from "../../test/helpers/preload.ts";

/** What happens at a call instead of it, before it, or to it. */
export type Act =
  /** The call fails with this code of the system. */
  | { kind: "fail"; code: string }
  /** Every `nr`th call reads or writes a part only, as the system may. */
  | { kind: "short" }
  /** The file, or another one, is changed before the call. */
  | { kind: "change"; how: Change; victim: string }
  /** The thread exits. */
  | { kind: "exit" }
  /** The thread throws where nobody catches it. */
  | { kind: "throw" }
  /** The process gets a signal. */
  | { kind: "signal"; signal: NodeJS.Signals };

/** What becomes of a file, or of a directory. */
export type Change = "shrink" | "grow" | "overwrite" | "replace" | "vanish" | "link" | "directory" | "fifo" | "add";

/** When something happens. */
export interface Plan {
  /** Functions of node:fs. */
  calls: readonly string[];
  /** Beginning of the paths that are meant. */
  prefix: string;
  /** The call of a thread at which it happens, from 1 on. */
  nr: number;
  thread: "main" | "helper" | "any";
  act: Act;
  /** Gets a line for each time that it has happened, where it is not `short`: the call and its path. */
  log: string;
}

/** The environment of a command to which this happens. @param file where the script goes */
export function meddle(file: string, plan: Plan): Record<string, string> {
  writeFileSync(plan.log, "");
  return preload(file, `const plan = ${JSON.stringify(plan)};\n${SCRIPT}`);
}

/** Calls at which something has happened. */
export function meddled({ log }: Plan): { call: string; path: string }[] {
  if (!existsSync(log)) return [];
  const lines = readFileSync(log, "latin1").split("\n").filter(Boolean);
  return lines.map((line) => ({ call: line.slice(0, line.indexOf(" ")), path: line.slice(line.indexOf(" ") + 1) }));
}

const SCRIPT = `
const { spawnSync: start } = await import("node:child_process");
const original = { ...fs };
const NUMBERS = { EIO: -5, EACCES: -13, ENOMEM: -12, ENOSPC: -28, EDQUOT: -122, EROFS: -30, EMFILE: -24, EFBIG: -27,
  ESTALE: -116, EPERM: -1, ENFILE: -23, EBADF: -9, ELOOP: -40, ENAMETOOLONG: -36, ETIMEDOUT: -110 };
let calls = 0;

function pathOf(at) {
  if (typeof at === "number") return link("/proc/self/fd/" + at);
  const path = typeof at === "string" ? at : Buffer.from(at).toString("latin1");
  return path.replace(/^\\/(proc\\/(self|thread-self)|dev)\\/fd\\/\\d+/, link);
}
function link(path) {
  try { return original.readlinkSync(path); } catch { return path; }
}
function change({ how, victim }) {
  const write = (path) => { original.writeFileSync(path, Buffer.alloc(5000, "another ")); };
  const isThere = original.lstatSync(victim, { throwIfNoEntry: false });
  if (isThere === undefined) return;
  const isFile = isThere.isFile();
  if (how === "add") return write((isFile ? victim.slice(0, victim.lastIndexOf("/")) : victim) + "/added");
  if (how === "shrink" && isFile) return original.truncateSync(victim, Math.floor(isThere.size / 2));
  if (how === "grow" && isFile) return original.appendFileSync(victim, "more");
  if (how === "overwrite" && isFile && isThere.size > 0) {
    const file = original.openSync(victim, "r+");
    original.writeSync(file, Buffer.from("?"), 0, 1, isThere.size - 1);
    return original.closeSync(file);
  }
  if (how === "replace" && isFile) {
    const bytes = original.readFileSync(victim).fill("other");
    original.writeFileSync(plan.log + ".new", bytes);
    return original.renameSync(plan.log + ".new", victim);
  }
  original.rmSync(victim, { recursive: true });
  if (how === "link") original.symlinkSync("/etc", victim);
  if (how === "directory") original.mkdirSync(victim);
  if (how === "fifo") start("mkfifo", [victim]);
}
function act(name, path, args, before) {
  const { act } = plan;
  original.appendFileSync(plan.log, name + " " + path + "\\n");
  if (act.kind === "fail") {
    const text = act.code + ": injected, " + name;
    throw Object.assign(new Error(text), { errno: NUMBERS[act.code], code: act.code, syscall: name.replace("Sync", "") });
  }
  // another thread may have been faster
  if (act.kind === "change") try { change(act); } catch {}
  if (act.kind === "exit") process.exit(7);
  if (act.kind === "throw") { setImmediate(() => { throw new Error("astray"); }); sleep(1); }
  if (act.kind === "signal") { process.kill(process.pid, act.signal); sleep(20); }
  return before(...args);
}
for (const name of plan.calls) {
  const before = fs[name];
  fs[name] = (...args) => {
    if (plan.thread !== "any" && (plan.thread === "main") !== isMainThread) return before(...args);
    if (!pathOf(args[0]).startsWith(plan.prefix)) return before(...args);
    calls++;
    if (plan.act.kind !== "short") return calls === plan.nr ? act(name, pathOf(args[0]), args, before) : before(...args);
    // (descriptor, buffer, at, length, position)
    if (calls % plan.nr === 0 && args.length >= 4 && args[3] > 1) args[3] = 1 + (calls * 7919) % (args[3] - 1);
    return before(...args);
  };
}`;
