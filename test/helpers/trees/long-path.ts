/** A path that is longer than any that the system takes. */
import { chmodSync, closeSync, constants, lutimesSync, mkdirSync, openSync, symlinkSync } from "node:fs";
import { writeAll } from "./tree-builder.ts";

/** Builds a chain of 20 directories of 255-byte names (a path of over 5,000 bytes), a file and a symlink at its end. */
export function makeLongPath(dir: string): void {
  mkdirSync(dir, { recursive: true });
  const depth = 20;
  const fds = [openSync(dir, constants.O_RDONLY | constants.O_DIRECTORY)];
  const at = (level: number, name: string) => `/proc/self/fd/${fds[level]}/${name}`;
  const nameOf = (level: number) => `${String(level).padStart(3, "0")}-`.padEnd(255, "long");
  for (let level = 0; level < depth; level++) {
    mkdirSync(at(level, nameOf(level)));
    fds.push(openSync(at(level, nameOf(level)), constants.O_RDONLY | constants.O_DIRECTORY));
  }
  writeAll(at(depth, "file"), [{ at: 0, bytes: Buffer.from("at the bottom\n") }]);
  symlinkSync("../file-above", at(depth, "symlink"));
  for (const name of ["file", "symlink"]) lutimesSync(at(depth, name), 1_600_000_000, 1_600_000_000);
  chmodSync(at(depth, "file"), 0o644);
  for (let level = depth; level >= 0; level--) {
    chmodSync(at(level, "."), 0o755);
    lutimesSync(at(level, "."), 1_600_000_000 + level, 1_600_000_000 + level);
    closeSync(fds[level]!);
  }
}
