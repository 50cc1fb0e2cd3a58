/** The limits that the system sets to this process. */
import { readFileSync } from "node:fs";

/** Bytes of address space that this process may still take (`ulimit -v`); Infinity where there is no limit. */
export function addressSpaceLeft(): number {
  const limit = numberOf(readOwn("limits"), /^Max address space +(\d+)/m);
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  const used = numberOf(readOwn("status"), /^VmSize:\s+(\d+)/m) ?? 0;
  return Math.max(0, limit - used * 1024);
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
