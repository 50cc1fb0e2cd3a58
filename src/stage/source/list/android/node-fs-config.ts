/** What this machine's files say that entries of an Android image are to be. */
import { readFileSync } from "node:fs";
import { ImageError } from "../../../../core/error.ts";
import { systemMessage } from "../../../../core/node/node-errors.ts";
import { ANDROID_DIRECTORIES, ANDROID_FILES } from "./built-in-rules.ts";
import { type AndroidConfig, type AndroidRule, matchRules, parseCanned, parseRules } from "./fs-config.ts";

/** Partitions that may have rules of their own, in the order in which these are asked. */
const PARTITIONS = ["system", "vendor", "oem", "odm", "product", "system_ext"];

/** A list that names every path. */
export function readCanned(path: string): AndroidConfig {
  return parseCanned(read(path), path);
}

/**
 * The rules of a product: those of its partitions, then Android's own.
 *
 * @param folder what has been built of it; the folder of its system partition is taken for the one above
 */
export function readProductRules(folder: string): AndroidConfig {
  const base = folder.replace(/\/$/, "").replace(/\/system$/, "");
  const own = (name: string) => PARTITIONS.flatMap((partition) => readRules(`${base}/${partition}/etc/${name}`));
  return matchRules([...own("fs_config_files"), ...ANDROID_FILES], [...own("fs_config_dirs"), ...ANDROID_DIRECTORIES]);
}

function readRules(path: string): AndroidRule[] {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw failed(path, cause);
  }
  return parseRules(bytes, path);
}

function read(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw failed(path, cause);
  }
}

function failed(path: string, cause: unknown): ImageError {
  return new ImageError("INPUT", `${path}: ${systemMessage(cause)}`, { path, cause });
}
