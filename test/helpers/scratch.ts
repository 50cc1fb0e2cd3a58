/** Places for what tests make: memory where there is some, and always removed. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, statfsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll } from "vitest";

/** `f_type` of tmpfs. */
const TMPFS_MAGIC = 0x01021994;

/**
 * The path of a folder that every user may enter; there, empty, from before the first to after the last test of the
 * file or `describe` that asks for it. Preferably in memory.
 */
export function makeScratch(name: string, parent: string = existsSync("/dev/shm") ? "/dev/shm" : tmpdir()): string {
  const folder = join(parent, `${name}-${randomBytes(6).toString("hex")}`);
  beforeAll(() => {
    mkdirSync(folder);
    chmodSync(folder, 0o755);
  });
  afterAll(() => removeTree(folder));
  return folder;
}

/** A folder on a disk, which some kernel features need; undefined where all that could be one is in memory. */
export function diskFolder(): string | undefined {
  return [tmpdir(), "/var/tmp", process.cwd()].find(
    (folder) => existsSync(folder) && statfsSync(folder).type !== TMPFS_MAGIC,
  );
}

/** Deletes a tree, the long path too. */
export function removeTree(dir: string): void {
  const run = spawnSync("rm", ["-rf", "--", dir], { encoding: "latin1" });
  if (run.status !== 0) throw new Error(`rm -rf ${dir}: ${run.stderr}`);
}
