// What the figures were measured on.
import { spawnSync } from "node:child_process";
import { statfsSync } from "node:fs";
import * as os from "node:os";

/**
 * One `[what, value]` a line of the description.
 * @param {{ version: string } | undefined} peer
 * @param {string} dir
 * @returns {[string, string][]}
 */
export function machine(peer, dir) {
  const tar = spawnSync("tar", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0];
  /** @type {{ header?: { glibcVersionRuntime?: string } }} */
  const { header } = process.report.getReport();
  const libc = header?.glibcVersionRuntime;
  return [
    ["CPU", `${os.cpus()[0]?.model.trim() ?? "unknown"}, ${os.availableParallelism()} cores`],
    ["memory", `${(os.totalmem() / 2 ** 30).toFixed(1)} GiB`],
    ["kernel", `${os.type()} ${os.release()} ${os.arch()}`],
    ["Node", process.version],
    ["peer", peer?.version ?? "none"],
    // Its regular expressions are the C library's.
    ["C library", libc ? `glibc ${libc}` : "not glibc"],
    ["tar", tar ?? "none"],
    ["sources and images on", statfsSync(dir).type === 0x01021994 ? "tmpfs" : "a disk (not tmpfs)"],
  ];
}
