/** Makes real entries with exact owners, modes and times. Root only. */
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  closeSync,
  constants,
  existsSync,
  ftruncateSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  rmdirSync,
  symlinkSync,
  unlinkSync,
  writeSync,
} from "node:fs";

/** No contents. */
export const EMPTY = new Uint8Array(0);

/** A path: a string is UTF-8. */
export type PathBytes = string | Buffer;

/** What an entry has besides its contents; undefined is the default. */
export interface Attributes {
  mode?: number;
  uid?: number;
  gid?: number;
  time?: { sec: number; nsec: number };
  /** Remove the entry if the filesystem cannot hold its time. */
  optional?: boolean;
}

/** Bytes at an offset in a file. */
export interface Piece {
  at: number;
  bytes: Uint8Array;
}

interface Made {
  path: Buffer;
  kind: "file" | "directory" | "symlink" | "special";
  attributes: Attributes;
}

/** Makes entries now; owners, modes and times of all of them at the end, when no directory changes any more. */
export class TreeBuilder {
  readonly plainTimes: boolean;
  readonly #root: string;
  readonly #made: Made[] = [];
  /** Arguments of the mknod and mkfifo calls that are still to come, together: starting a command takes its time. */
  readonly #devices: PathBytes[] = [];
  readonly #fifos: PathBytes[] = [];

  constructor(root: string, plainTimes: boolean) {
    this.#root = root;
    this.plainTimes = plainTimes;
    mkdirSync(root, { recursive: true });
    this.#made.push({ path: Buffer.alloc(0), kind: "directory", attributes: { mode: 0o1750, uid: 3, gid: 4 } });
  }

  directory(path: PathBytes, attributes: Attributes = {}): void {
    mkdirSync(this.#at(path));
    this.#add(path, "directory", attributes);
  }

  file(path: PathBytes, contents: Uint8Array, attributes: Attributes = {}): void {
    writeAll(this.#at(path), [{ at: 0, bytes: contents }]);
    this.#add(path, "file", attributes);
  }

  sparse(path: PathBytes, size: number, pieces: readonly Piece[], attributes: Attributes = {}): void {
    writeAll(this.#at(path), pieces, size);
    this.#add(path, "file", attributes);
  }

  symlink(path: PathBytes, target: PathBytes, attributes: Attributes = {}): void {
    symlinkSync(target, this.#at(path));
    this.#add(path, "symlink", attributes);
  }

  link(path: PathBytes, existing: PathBytes): void {
    if (!existsSync(this.#at(existing))) this.#makeNodes();
    linkSync(this.#at(existing), this.#at(path));
  }

  device(path: PathBytes, kind: "c" | "b", major: number, minor: number, attributes: Attributes = {}): void {
    this.#devices.push(relative(bytesOf(path)), kind, String(major), String(minor));
    this.#add(path, "special", attributes);
  }

  fifo(path: PathBytes, attributes: Attributes = {}): void {
    this.#fifos.push(relative(bytesOf(path)));
    this.#add(path, "special", attributes);
  }

  /** Binding makes the entry; killed before it can tidy up, the process leaves it behind. */
  socket(path: string, attributes: Attributes = {}): void {
    const script = `require("net").createServer().listen(process.argv[1], () => process.kill(process.pid, "SIGKILL"))`;
    spawnSync(process.execPath, ["-e", script, path], { cwd: this.#root });
    if (!lstatSync(this.#at(path)).isSocket()) throw new Error(`${path}: no socket was made`);
    this.#add(path, "special", attributes);
  }

  finish(): void {
    this.#makeNodes();
    const byTouch: Buffer[] = [];
    for (const [index, { path, kind, attributes }] of this.#made.entries()) {
      const at = this.#at(path);
      lchownSync(at, attributes.uid ?? 0, attributes.gid ?? 0);
      if (kind !== "symlink") chmodSync(at, attributes.mode ?? (kind === "directory" ? 0o755 : 0o644));
      const time = this.#timeOf(index, attributes);
      attributes.time = time;
      if (!setPlainTime(at, time))
        byTouch.push(Buffer.from("-d"), Buffer.from(touchTime(time)), Buffer.from("--"), relative(path));
    }
    this.#run("touch -h -m", ["-n", "4"], byTouch);
    const removed = this.#made.map((made) => this.#checkTime(made)).includes(true);
    if (!removed) return;
    for (const { path, kind, attributes } of this.#made) {
      if (kind === "directory" && attributes.optional !== true) setPlainTime(this.#at(path), attributes.time!);
    }
  }

  #makeNodes(): void {
    this.#run("mknod", ["-n", "4"], this.#devices.splice(0));
    this.#run("mkfifo", [], this.#fifos.splice(0));
  }

  /** Every entry that is not told otherwise has its own time, most of them with a fraction that lutimes can set. */
  #timeOf(index: number, attributes: Attributes): { sec: number; nsec: number } {
    if (attributes.time !== undefined) return attributes.time;
    return {
      sec: 1_500_000_000 + index * 12_345,
      nsec: this.plainTimes || index === 0 ? 0 : (index % 64) * 15_625_000,
    };
  }

  /** Returns true if the entry had to be removed, because its time did not hold. */
  #checkTime({ path, kind, attributes }: Made): boolean {
    const { sec, nsec } = attributes.time!;
    const held = lstatSync(this.#at(path), { bigint: true }).mtimeNs;
    if (held === BigInt(sec) * 1_000_000_000n + BigInt(nsec)) return false;
    if (attributes.optional !== true) throw new Error(`${path}: time ${sec}.${nsec} was stored as ${held} ns`);
    if (kind === "directory") rmdirSync(this.#at(path));
    else unlinkSync(this.#at(path));
    return true;
  }

  #at(path: PathBytes): Buffer {
    return join(bytesOf(this.#root), path);
  }

  #add(path: PathBytes, kind: Made["kind"], attributes: Attributes): void {
    this.#made.push({ path: bytesOf(path), kind, attributes: { ...attributes } });
  }

  /** Runs a command for every few arguments, which may hold any byte: xargs, because Node's arguments are text. */
  #run(command: string, batch: readonly string[], args: readonly PathBytes[]): void {
    if (args.length === 0) return;
    const input = Buffer.concat(args.flatMap((argument) => [bytesOf(argument), Buffer.alloc(1)]));
    const words = ["-0", "-r", ...batch, ...command.split(" ")];
    const run = spawnSync("xargs", words, { cwd: this.#root, input, env: { ...process.env, LC_ALL: "C", TZ: "UTC" } });
    if (run.status !== 0) throw new Error(`${command}: ${run.error?.message ?? run.stderr}`);
  }
}

/** Writes pieces into a new file, which is `size` bytes long if that is given. */
export function writeAll(path: PathBytes, pieces: readonly Piece[], size?: number): void {
  const fd = openSync(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
  try {
    if (size !== undefined) ftruncateSync(fd, size);
    for (const { at, bytes } of pieces) {
      for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done, bytes.length - done, at + done);
    }
  } finally {
    closeSync(fd);
  }
}

/** Sets times that lutimes gets right: it counts in microseconds, in a double, and is wrong before 1970. */
function setPlainTime(path: Buffer, { sec, nsec }: { sec: number; nsec: number }): boolean {
  if (sec < 0 || nsec % 15_625_000 !== 0) return false;
  lutimesSync(path, sec + nsec / 1e9, sec + nsec / 1e9);
  return true;
}

/** touch(1) reads −1.5 as what it says, so the floor form has to be put into words. */
function touchTime({ sec, nsec }: { sec: number; nsec: number }): string {
  if (sec >= 0 || nsec === 0) return `@${sec}.${String(nsec).padStart(9, "0")}`;
  const whole = -(sec + 1);
  return `@-${whole}.${String(1_000_000_000 - nsec).padStart(9, "0")}`;
}

/** A path that a command cannot take for an option, relative to the top. */
function relative(path: Buffer): Buffer {
  return path.length === 0 ? Buffer.from(".") : join(Buffer.from("."), path);
}

/** The bytes of a path. */
export function bytesOf(path: PathBytes): Buffer {
  return typeof path === "string" ? Buffer.from(path) : path;
}

/** Names behind a path. */
export function join(directory: Buffer, ...names: PathBytes[]): Buffer {
  const parts = [directory, ...names.map(bytesOf)].filter((part) => part.length > 0);
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from("/"), part])));
}
