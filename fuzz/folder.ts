/** Where campaigns work. */
import { existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Makes an empty folder; by default in memory, where files have attributes of any size too. */
export function makeFolder(parent: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()): string {
  return mkdtempSync(join(parent, "fuzz-"));
}
