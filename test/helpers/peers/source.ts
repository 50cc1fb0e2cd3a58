/** The folder in which lines of options are tried: a tiny source and the lists that options name. The same everywhere. */
import { chmodSync, lchownSync, linkSync, lutimesSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { noise } from "../trees/noise.ts";

/** An owner and a group that no line of options names. */
const [OWNER, GROUP] = [1234, 5678] as const;
/** Time of every file, 2001-02-03. */
const MTIME = 981_158_400;

/** Who the files belong to: tests that do not run as root have files of their own only. */
export interface PeerOwner {
  readonly uid: number;
  readonly gid: number;
}

/** Numbered lines, which compress to about a half. */
function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `line ${index * index}\n`).join("");
}

/** What a list of Android says of every path of `src`: what it is there too. */
const FS_CONFIG = [
  ...["/ 1234 5678 0755", "bin 1234 5678 0755", "bin/tool 1234 5678 0755", "bin/tool2 1234 5678 0755"],
  ...["data 1234 5678 0750", "data/empty 1234 5678 0600", "data/large.txt 1234 5678 0644"],
  ...["data/random 1234 5678 0644", "data/twin.txt 1234 5678 0644", "link 1234 5678 0777", "small.txt 1234 5678 0644"],
  "",
].join("\n");

/** Fills an empty folder: `src` and lists beside it. */
export function makePeerFolder(folder: string): PeerOwner {
  const source = `${folder}/src`;
  const isRoot = process.getuid!() === 0;
  const owner = isRoot ? { uid: OWNER, gid: GROUP } : { uid: process.getuid!(), gid: process.getgid!() };
  const made: string[] = [];
  const add = (path: string, make: (at: string) => void, mode?: number) => {
    const at = path === "" ? source : `${source}/${path}`;
    make(at);
    if (mode !== undefined) chmodSync(at, mode);
    made.unshift(at); // a directory's time is set behind those of what it holds
  };
  add("", (at) => mkdirSync(at), 0o755);
  add("bin", (at) => mkdirSync(at), 0o755);
  add("bin/tool", (at) => writeFileSync(at, `#!/bin/sh\n${lines(2500)}`), 0o755);
  add("bin/tool2", (at) => linkSync(`${source}/bin/tool`, at));
  add("data", (at) => mkdirSync(at), 0o750);
  add("data/empty", (at) => writeFileSync(at, ""), 0o600);
  add("data/large.txt", (at) => writeFileSync(at, lines(6000)), 0o644);
  add("data/random", (at) => writeFileSync(at, noise(1, 9000)), 0o644);
  add("data/twin.txt", (at) => writeFileSync(at, lines(6000)), 0o644);
  add("link", (at) => symlinkSync("data/large.txt", at));
  add("small.txt", (at) => writeFileSync(at, "small\n"), 0o644);
  for (const at of made) {
    if (isRoot) lchownSync(at, OWNER, GROUP);
    lutimesSync(at, MTIME, MTIME);
  }
  const lists = {
    hints: "8192 \\.txt$\n0 random\n",
    "hints-large": "1048576 \\.txt$\n",
    "hints-huge": "2097152 \\.txt$\n",
    "hints-odd": "5000 \\.txt$\n",
    "hints-second": "4096 1 \\.txt$\n",
    "hints-none": "4096 5 \\.txt$\n",
    excluded: "data/empty\nlink\n",
    sorted: "data/twin.txt 10\nbin/tool -5\n",
    pseudo: "extra d 755 0 0\nextra/null c 666 0 0 1 3\n",
    "pseudo-times": "extra D 5 755 0 0\nextra/null C 5 666 0 0 1 3\n",
    actions: "exclude@name(random)\n",
    attributes: '# file: data/large.txt\nuser.a="b"\n',
    contexts: "/.* system_u:object_r:etc_t:s0\n",
    "fs-config": FS_CONFIG,
    packed: "dir /d 0755 0 0\nfile /d/f 0644 0 0 src/data/large.txt\nslink /d/l 0777 0 0 f\n",
    "packed-sorted": "10 d/f\n",
    "data-sorted": "10 data/twin.txt\n-5 [dont_compress] data/random\n",
  };
  for (const [name, text] of Object.entries(lists)) writeFileSync(`${folder}/${name}`, text);
  return owner;
}
