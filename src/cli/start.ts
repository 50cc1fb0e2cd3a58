/**
 * How commands are started. Everything is loaded behind the question whether this Node is new enough, so that an old one is
 * told what is needed and not what it does not understand: see core/node/node-host.ts for what may stand here.
 */
import { hostComplaint } from "../core/node/node-host.ts";

/**
 * Runs a command, and ends the process with its exit status.
 *
 * @param load loads it, once compiled code is kept, and gives what runs it
 */
export async function startCommand(name: string, load: () => Promise<() => Promise<number>>): Promise<void> {
  const complaint = hostComplaint();
  if (complaint !== undefined) return fail(name, complaint);
  try {
    await start(name, load);
  } catch (error) {
    // the code could not be loaded: what the command itself does not say is nothing else
    fail(name, error instanceof Error ? error.message : String(error));
  }
}

async function start(name: string, load: () => Promise<() => Promise<number>>): Promise<void> {
  // there may be too little for the rest of the code too
  const { addressSpaceLimit, roomComplaint } = await import("../core/node/node-limits.ts");
  const why = roomComplaint();
  if (why !== undefined) return fail(name, why);
  const { boundInlining, cacheCode, collectAlone } = await import("../core/node/node-start.ts");
  const { isLittle, startEarly } = await import("./early.ts");
  cacheCode();
  // where address space is limited a thread starts where it is needed, and what is missing is said there
  if (addressSpaceLimit() === Number.POSITIVE_INFINITY) startEarly();
  const run = await load();
  if (!isLittle()) {
    boundInlining();
    collectAlone();
  }
  // all that was printed has been awaited; nothing that is still open may keep the process alive
  process.exit(await run());
}

function fail(name: string, why: string): void {
  console.error(`${name}: ${why}`);
  process.exitCode = 1;
}
