/** The limits that the system sets to this process. */
import { readFileSync } from "node:fs";

const GB = 1e9;
/** What Node takes before it does anything. */
const NODE_BYTES = (Number.parseInt(process.versions.node, 10) < 24 ? 0.77 : 1.17) * GB;
/** What has to be left for a build, and for one that compresses: with less, V8 ends the process now and then. */
const [LEAST_ROOM, LEAST_CODEC_ROOM] = [0.35 * GB, 0.55 * GB];

/** Bytes of address space that this process may take (`ulimit -v`); Infinity where there is no limit. */
export function addressSpaceLimit(): number {
  return numberOf(readOwn("limits"), /^Max address space +(\d+)/m) ?? Number.POSITIVE_INFINITY;
}

/** Bytes of address space that this process may still take; Infinity where there is no limit. */
export function addressSpaceLeft(): number {
  const limit = addressSpaceLimit();
  if (limit === Number.POSITIVE_INFINITY) return limit;
  const used = numberOf(readOwn("status"), /^VmSize:\s+(\d+)/m) ?? 0;
  return Math.max(0, limit - used * 1024);
}

/**
 * Why the limit of address space is too low for a build, or undefined. Threads of Node have taken some of it by now, as
 * much as they got and do not need, so what is left says nothing.
 *
 * @param hasCodecs there will be codecs, which take no more than they use
 */
export function roomComplaint(hasCodecs = false): string | undefined {
  const limit = addressSpaceLimit();
  const least = NODE_BYTES + (hasCodecs ? LEAST_CODEC_ROOM : LEAST_ROOM);
  if (limit >= least) return undefined;
  const inGb = (bytes: number, round: (value: number) => number) => `${round((bytes / GB) * 100) / 100} GB`;
  const why = `and ${hasCodecs ? "compressing" : "a build"} needs ${inGb(least, Math.round)}`;
  return `the address space is limited to ${inGb(limit, Math.floor)}, ${why}, most of which Node takes: raise the limit (ulimit -v)`;
}

/** Whether an instance of WebAssembly reserves all that it could ever reach, as it does unless Node is told otherwise. */
export function wasmReservesAll(): boolean {
  const words = [...process.execArgv, ...(process.env.NODE_OPTIONS ?? "").split(/\s+/)];
  return !words.includes("--disable-wasm-trap-handler");
}

/** What the system says of this process; empty where it is not Linux. */
function readOwn(name: string): string {
  try {
    return readFileSync(`/proc/self/${name}`, "latin1");
  } catch {
    return "";
  }
}

function numberOf(text: string, pattern: RegExp): number | undefined {
  const found = pattern.exec(text);
  return found ? Number(found[1]) : undefined;
}
