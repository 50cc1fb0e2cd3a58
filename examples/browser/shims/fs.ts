/**
 * Files in memory: as much of `node:fs` as is called by builds of entries and zip archives that go to a stream. There is one
 * folder, `/`, for the temporary files of builds.
 */

/** Bytes that are had at once; those of a hole are not. */
const CHUNK = 1 << 20;

interface MemoryFile {
  readonly ino: number;
  readonly chunks: (Uint8Array | undefined)[];
  size: number;
}

const files = new Map<string, MemoryFile>();
const opened = new Map<number, MemoryFile>();
let made = 0;
let descriptors = 2;

/** How files are opened: numbers as Linux has them. */
export const constants = {
  O_RDONLY: 0,
  O_WRONLY: 1,
  O_RDWR: 2,
  O_CREAT: 0o100,
  O_EXCL: 0o200,
  O_NOFOLLOW: 0,
  O_NONBLOCK: 0,
};

/** An error as Node makes them of the system's. */
function refused(code: string, why: string, syscall: string, path: string): Error {
  return Object.assign(new Error(`${code}: ${why}, ${syscall} '${path}'`), { code, syscall, path });
}

function find(path: unknown, syscall: string): MemoryFile {
  const file = files.get(String(path));
  if (file === undefined) throw refused("ENOENT", "no such file or directory", syscall, String(path));
  return file;
}

function fileOf(descriptor: number, syscall: string): MemoryFile {
  const file = opened.get(descriptor);
  if (file === undefined) throw refused("EBADF", "bad file descriptor", syscall, String(descriptor));
  return file;
}

/** Opens a file, or makes it where the flags say so. */
export function openSync(path: unknown, flags: string | number = constants.O_RDONLY): number {
  const name = String(path);
  if (typeof flags === "number" && (flags & constants.O_CREAT) !== 0) {
    if (files.has(name) && (flags & constants.O_EXCL) !== 0)
      throw refused("EEXIST", "file already exists", "open", name);
    if (!files.has(name)) files.set(name, { ino: ++made + 1, chunks: [], size: 0 });
  }
  opened.set(++descriptors, find(name, "open"));
  return descriptors;
}

/** Closes what is open. */
export function closeSync(descriptor: number): void {
  fileOf(descriptor, "close");
  opened.delete(descriptor);
}

/** Takes a name away; what is open stays. */
export function rmSync(path: unknown, { force = false }: { force?: boolean } = {}): void {
  if (!force) find(path, "rm");
  files.delete(String(path));
}

/** Calls `use` for each chunk that a row of bytes lies in: its number, where in it they start, and where in the row. */
function eachChunk(
  length: number,
  position: number,
  use: (chunk: number, at: number, from: number, to: number) => void,
) {
  for (let done = 0; done < length; ) {
    const at = (position + done) % CHUNK;
    const count = Math.min(CHUNK - at, length - done);
    use(Math.floor((position + done) / CHUNK), at, done, done + count);
    done += count;
  }
}

/** Reads at a place; gives how many bytes there were. */
export function readSync(
  descriptor: number,
  into: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  const { chunks, size } = fileOf(descriptor, "read");
  const count = Math.max(0, Math.min(length, size - position));
  eachChunk(count, position, (chunk, at, from, to) => {
    const bytes = chunks[chunk]?.subarray(at, at + to - from);
    if (bytes) into.set(bytes, offset + from);
    else into.fill(0, offset + from, offset + to);
  });
  return count;
}

/** Writes at a place; gives how many bytes. */
export function writeSync(
  descriptor: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): number {
  const file = fileOf(descriptor, "write");
  eachChunk(length, position, (chunk, at, from, to) => {
    file.chunks[chunk] ??= new Uint8Array(CHUNK);
    file.chunks[chunk].set(bytes.subarray(offset + from, offset + to), at);
  });
  file.size = Math.max(file.size, position + length);
  return length;
}

/** Gives a file another length: what comes to it is zeros. */
export function ftruncateSync(descriptor: number, length = 0): void {
  const file = fileOf(descriptor, "ftruncate");
  if (length < file.size) {
    file.chunks.length = Math.min(file.chunks.length, Math.ceil(length / CHUNK));
    file.chunks[Math.floor(length / CHUNK)]?.fill(0, length % CHUNK);
  }
  file.size = length;
}

/** There is nothing that could be more durable. */
export function fsyncSync(descriptor: number): void {
  fileOf(descriptor, "fsync");
}

function statsOf({ ino, size }: { ino: number; size: number }, isFile: boolean, { bigint = false } = {}) {
  const number = (value: number) => (bigint ? BigInt(value) : value);
  const numbers = { dev: number(1), ino: number(ino), size: number(size), nlink: number(1) };
  return { ...numbers, isFile: () => isFile, isDirectory: () => !isFile, isBlockDevice: () => false };
}

/** What is known of an open file. */
export function fstatSync(descriptor: number, options?: { bigint?: boolean }) {
  return statsOf(fileOf(descriptor, "fstat"), true, options);
}

/** What is known of a path. */
export function statSync(path: unknown, options?: { bigint?: boolean; throwIfNoEntry?: boolean }) {
  if (path === "/" || path === ".") return statsOf({ ino: 1, size: 0 }, false, options);
  if (options?.throwIfNoEntry === false && !files.has(String(path))) return undefined;
  return statsOf(find(path, "stat"), true, options);
}

/** The names of the temporary files. */
export function readdirSync(): string[] {
  return [...files.keys()].map((path) => path.slice(1));
}

/** Files of the system are asked for in this way, and there are none. */
export function readFileSync(path: unknown): never {
  throw refused("ENOENT", "no such file or directory", "open", String(path));
}

/** There are no links. */
export function readlinkSync(path: unknown): never {
  throw refused("ENOENT", "no such file or directory", "readlink", String(path));
}
