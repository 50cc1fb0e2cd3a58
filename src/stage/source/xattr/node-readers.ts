/** Which readers of extended attributes there are, and which of them is taken. */
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { OptionError } from "../../../core/options/option-error.ts";
import type { XattrReaderName } from "../../tree/policy.ts";
import { loadFfi } from "./node-ffi.ts";
import { loadNapi } from "./node-napi.ts";
import type { XattrReader } from "./node-reader.ts";

/** The readers that threads have in themselves. */
export type CallingReader = "ffi" | "napi";

/** Readers by name; what is thrown says why there is none. */
const LOADERS: Readonly<Record<CallingReader, () => XattrReader>> = { ffi: loadFfi, napi: loadNapi };

/** Programs that the third reader is made of. */
const PROGRAMS = ["xargs", "getfattr"];

/** Those of this thread. */
const loaded = new Map<CallingReader, XattrReader>();

/** The reader of this thread. Throws an error with the reason where it is not there. */
export function loadReader(name: CallingReader): XattrReader {
  let reader = loaded.get(name);
  if (reader === undefined) {
    reader = LOADERS[name]();
    loaded.set(name, reader);
  }
  return reader;
}

/** Decides for a reader; undefined: there is none. Throws `INPUT` for one that is asked for by name and is not there. */
export function chooseReader(wish: XattrReaderName | "auto"): XattrReaderName | undefined {
  if (process.platform === "win32") {
    if (wish === "auto") return undefined;
    throw new OptionError("xattrReader", "files of Windows have no extended attributes");
  }
  if (wish !== "auto") {
    const why = findReason(wish);
    if (why !== undefined) throw new OptionError("xattrReader", `${wish} cannot be had: ${why}`);
    return wish;
  }
  return (["ffi", "napi", "getfattr"] as const).find(isThere);
}

/** Whether a reader can be had. */
export function isThere(name: XattrReaderName): boolean {
  return findReason(name) === undefined;
}

/** Why a reader cannot be had; undefined: it can. */
function findReason(name: XattrReaderName): string | undefined {
  if (name === "getfattr") {
    const missing = PROGRAMS.filter((program) => !isProgram(program));
    return missing.length > 0 ? `there is no program ${missing.join(" and no ")}` : undefined;
  }
  try {
    loadReader(name);
    return undefined;
  } catch (cause) {
    return (cause as Error).message;
  }
}

function isProgram(name: string): boolean {
  return (process.env.PATH ?? "/usr/bin:/bin").split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
