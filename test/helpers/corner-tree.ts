/**
 * Real directory trees that hold the corners of the formats: sizes beside block borders, awkward names, holes,
 * duplicates, links, devices, extreme ids, modes and times. Root only. The same call makes the same tree wherever it
 * is made, short of what the filesystem underneath cannot hold.
 */
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

/** What {@link makeCornerTree} leaves out or puts in. */
export interface CornerOptions {
  /** `u32`: only times that SquashFS can hold (whole seconds from 0 to 2^32−1). Default: `any`. */
  times?: "any" | "u32" | undefined;
  /** A file of a 5 GiB hole and one byte; a tool that stores holes makes 5 GiB of it. Default: true. */
  hugeHole?: boolean | undefined;
}

/** Builds the corner tree at `dir`, which is made if it is missing. */
export function makeCornerTree(dir: string, options: CornerOptions = {}): void {
  const tree = new TreeBuilder(dir, options.times === "u32");
  addSizes(tree);
  addSparse(tree, options.hugeHole !== false);
  addDuplicates(tree);
  addDirectories(tree);
  addNames(tree);
  addSymlinks(tree);
  addOwnersAndModes(tree);
  addTimes(tree);
  addSpecials(tree);
  addHardLinks(tree);
  tree.finish();
}

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

/** Deletes any of these trees, the long path too. */
export function removeTree(dir: string): void {
  const run = spawnSync("rm", ["-rf", "--", dir], { encoding: "latin1" });
  if (run.status !== 0) throw new Error(`rm -rf ${dir}: ${run.stderr}`);
}

/** Builds a tree of `entries` entries decided by `seed` alone. */
export function makeRandomTree(dir: string, seed: number, entries: number): void {
  const random = generator(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const pick = <T>(values: readonly T[]) => values[below(values.length)]!;
  const tree = new TreeBuilder(dir, false);
  const directories: { path: Buffer; depth: number; names: Set<string> }[] = [];
  const plain: Buffer[] = [];
  const contents: Buffer[] = [];
  directories.push({ path: Buffer.alloc(0), depth: 0, names: new Set() });

  const newPath = () => {
    const parent = pick(directories);
    for (;;) {
      const name = randomName(below, pick);
      const key = name.toString("latin1");
      if (parent.names.has(key)) continue;
      parent.names.add(key);
      return { path: join(parent.path, name), depth: parent.depth + 1 };
    }
  };
  const newContents = () => {
    if (contents.length > 0 && below(4) === 0) return pick(contents);
    const border = pick([0, 32, 64, 512, 4096, 4096, 8192, 65536, 131072]);
    const size = Math.max(0, below(3) === 0 ? below(200_000) : border + below(133) - 66);
    const kind = below(4);
    const bytes = kind === 0 ? Buffer.alloc(size) : kind === 1 ? words(seed, size) : noise(below(1 << 20), size);
    contents.push(bytes);
    return bytes;
  };

  for (let index = 0; index < entries; index++) {
    const { path, depth } = newPath();
    const attributes: Attributes = { mode: pick([0o644, 0o755, 0o600, 0, 0o7777, 0o4711, 0o2750, 0o1777]) };
    if (below(3) === 0) Object.assign(attributes, { uid: pick(EDGE_IDS), gid: pick(EDGE_IDS) });
    if (below(3) === 0) attributes.time = { sec: below(2 ** 32), nsec: below(64) * 15_625_000 };
    const kind = below(20);
    if (kind < 4) {
      tree.directory(path, attributes);
      if (depth < 6) directories.push({ path, depth, names: new Set() });
    } else if (kind < 6) {
      tree.symlink(path, noise(below(1 << 20), pick([1, 7, 60, 479, 480, 481, 4063, 4064, 4065])), attributes);
    } else if (kind < 8 && plain.length > 0) {
      tree.link(path, pick(plain));
    } else if (kind === 8) {
      const size = 1 + below(600_000);
      const at = below(size);
      tree.sparse(path, size, [{ at, bytes: noise(at, Math.min(size - at, 5000)) }], attributes);
      plain.push(path);
    } else if (kind === 9) {
      tree.fifo(path, attributes);
      plain.push(path);
    } else if (kind === 10 && below(3) === 0) {
      tree.device(path, pick(["c", "b"]), below(4096), below(1 << 20), attributes);
      plain.push(path);
    } else {
      tree.file(path, newContents(), attributes);
      plain.push(path);
    }
  }
  tree.finish();
}

function randomName(below: (limit: number) => number, pick: <T>(values: readonly T[]) => T): Buffer {
  const style = below(6);
  const length = style === 0 ? pick([200, 254, 255]) : 1 + below(style === 1 ? 3 : 24);
  const alphabet = style < 3 ? "ab.-" : "abcdefghijklmnopqrstuvwxyz0123456789_-.+";
  const name = Buffer.alloc(length);
  for (let index = 0; index < length; index++) {
    name[index] = style === 5 ? 1 + below(255) : alphabet.charCodeAt(below(alphabet.length));
    if (name[index] === 0x2f) name[index] = 0x21;
  }
  const text = name.toString("latin1");
  return text === "." || text === ".." ? Buffer.from(`${text}x`) : name;
}

// ---- the corners ------------------------------------------------------------------------------------------------

const EDGE_IDS = [0, 1, 1000, 65534, 65535, 65536, 2 ** 31, 2 ** 32 - 2];

function addSizes(tree: TreeBuilder): void {
  const sizes = new Set([0, 1, 2, 31, 32, 33, 63, 64, 65]);
  for (const block of [512, 1024, 2048, 4096]) {
    // Every length at which an inode of 32 or 64 bytes and its inline tail meet the end of a block.
    for (let size = block - 66; size <= block + 1; size++) sizes.add(size);
    for (const count of [2, 3, 5]) for (const off of [-64, -32, -1, 0, 1]) sizes.add(count * block + off);
  }
  for (const size of [65536, 128 << 10, 256 << 10, 1 << 20]) for (const off of [-1, 0, 1]) sizes.add(size + off);
  sizes.add((9 << 20) + 1);
  tree.directory("sizes");
  for (const size of sizes) tree.file(`sizes/${size}`, noise(size * 7 + 1, size));

  tree.directory("text");
  for (const size of [1, 100, 4095, 4096, 4097, 40_000, 131_073, 1_500_000]) {
    tree.file(`text/words-${size}`, words(size, size));
    tree.file(`text/same-byte-${size}`, Buffer.alloc(size, 0x61));
  }
  const mixed = [words(1, 300_000), noise(5, 200_000), Buffer.alloc(150_000), words(2, 100_001), noise(6, 99_999)];
  tree.file("text/mixed", Buffer.concat(mixed));
}

function addSparse(tree: TreeBuilder, hugeHole: boolean): void {
  const MiB = 1 << 20;
  tree.directory("sparse");
  tree.sparse("sparse/all-hole", 3 * MiB, []);
  tree.sparse("sparse/all-hole-unaligned", 3 * MiB + 123, []);
  tree.sparse("sparse/all-hole-one-byte", 1, []);
  tree.sparse("sparse/all-hole-block", 4096, []);
  tree.sparse("sparse/all-hole-block-and-byte", 4097, []);
  tree.sparse("sparse/hole-data-hole", 3 * MiB, [{ at: MiB, bytes: noise(11, 100_000) }]);
  tree.sparse("sparse/hole-data-hole-unaligned", 3 * MiB + 77, [{ at: MiB + 777, bytes: noise(12, 4096) }]);
  tree.sparse("sparse/data-hole", 2 * MiB + 5, [{ at: 0, bytes: noise(13, 4096) }]);
  tree.sparse("sparse/data-at-end", 2 * MiB, [{ at: 2 * MiB - 10, bytes: noise(14, 10) }]);
  tree.sparse("sparse/byte-in-tail", MiB + 1, [{ at: MiB, bytes: Buffer.from("!") }]);
  const stripes = Array.from({ length: 12 }, (_, index) => ({ at: index * 131_072, bytes: noise(20 + index, 65_536) }));
  tree.sparse("sparse/stripes", 12 * 131_072, stripes);
  const dots = Array.from({ length: 40 }, (_, index) => ({ at: index * 12_288 + 1, bytes: Buffer.from("x") }));
  tree.sparse("sparse/dots", 40 * 12_288, dots);
  tree.file("sparse/zeros-written", Buffer.alloc(MiB));
  tree.file("sparse/zeros-written-unaligned", Buffer.alloc(70_001));
  tree.file("sparse/zeros-around-data", Buffer.concat([Buffer.alloc(20_480), noise(9, 5000), Buffer.alloc(30_000)]));
  if (hugeHole) tree.sparse("sparse/huge", 5 * 1024 * MiB + 1, [{ at: 5 * 1024 * MiB, bytes: Buffer.from("E") }]);
}

function addDuplicates(tree: TreeBuilder): void {
  tree.directory("duplicates");
  tree.directory("duplicates/elsewhere");
  for (const size of [1, 100, 4096, 10_000, (1 << 20) + 5]) {
    const bytes = noise(size + 3, size);
    for (const name of ["a", "b", "elsewhere/a"]) tree.file(`duplicates/${name}-${size}`, bytes);
    for (const [name, at] of [
      ["first", 0],
      ["middle", size >> 1],
      ["last", size - 1],
    ] as const) {
      const changed = Buffer.from(bytes);
      changed[at] = changed[at]! ^ 1;
      tree.file(`duplicates/other-${name}-byte-${size}`, changed);
    }
    tree.file(`duplicates/prefix-${size}`, bytes.subarray(0, size - 1));
    tree.file(`duplicates/and-zero-${size}`, Buffer.concat([bytes, Buffer.alloc(1)]));
  }
}

function addDirectories(tree: TreeBuilder): void {
  const fill = (name: string, names: readonly string[]) => {
    tree.directory(name);
    for (const entry of names) tree.file(`${name}/${entry}`, EMPTY);
  };
  const long = (index: number, length = 255) => `${String(index).padStart(3, "0")}`.padEnd(length, "n");
  const series = (count: number, name: (index: number) => string) => Array.from({ length: count }, (_, k) => name(k));

  tree.directory("directories");
  fill("directories/empty", []);
  fill("directories/one", ["entry"]);
  for (const count of [14, 15, 16, 31]) fill(`directories/long-${count}`, series(count, long));
  // 14 bytes each: 290 and the two dots fill 4,087 of a 4,096-byte block.
  for (const count of [290, 291, 340]) {
    fill(
      `directories/short-${count}`,
      series(count, (k) => k.toString(36).padStart(2, "0")),
    );
  }
  // "." and ".." take 27 bytes, an entry 12 and its name. One block of 4,096: 27 + 15*267 + (12+52).
  for (const off of [-1, 0, 1]) {
    fill(`directories/block${off}`, [...series(15, long), long(15, 52 + off)]);
    fill(`directories/small-block${off}`, [long(0), long(1, 206 + off)]); // 512: 27 + 267 + (12+206)
    const second = [...series(15, (k) => long(100 + k)), long(200, 79 + off)]; // 15*267 + (12+79)
    fill(`directories/two-blocks${off}`, [...series(15, long), long(15, 52), ...second]);
  }
  tree.directory("directories/thousand");
  for (let index = 0; index < 1000; index++) {
    tree.file(`directories/thousand/file-${index}`, index % 3 === 0 ? noise(index, index) : EMPTY);
  }
  tree.directory("directories/parents");
  for (let index = 0; index < 100; index++) tree.directory(`directories/parents/${index}`);
  let deep = "directories/deep";
  for (let level = 0; level < 60; level++, deep += "/d") tree.directory(deep);
  tree.file(`${deep}ata`, Buffer.from("sixty levels down\n"));
}

function addNames(tree: TreeBuilder): void {
  const names: (string | Buffer)[] = [
    "!",
    "!x",
    "-",
    "-rf",
    "--help",
    ".x",
    "..x",
    "...",
    ".-",
    ".\x01",
    "~",
    "~~",
    "\x01",
  ];
  names.push("a", "ab", "abc", "a\x01", "a ", "a.", "a-", "A", "B", "b", " ", "  ", " lead", "trail ", "\t", "\x7f");
  names.push(
    "new\nline",
    "\n",
    "\r",
    "back\\slash",
    "\\",
    "'single'",
    '"double"',
    "$HOME",
    "`id`",
    "*",
    "?",
    "[a]",
    "%s",
  );
  names.push("a=b", "a:b", "a,b", "#", "# file: x", "&;|<>", "\\012", "CON", "aux.txt", "~nix~case~hack~1");
  names.push("\u00e9", "e\u0301", "\u{10000}", "\uffff", "\u{1f600}", "\u202e", "\ufeff", "日本語");
  for (const bytes of [
    [0xff],
    [0xff, 0xff],
    [0xfe, 0x80],
    [0xc0, 0x80],
    [0xed, 0xa0, 0x80],
    [0xe2, 0x82],
    [0x80],
    [0x61, 0xff],
  ]) {
    names.push(Buffer.from(bytes));
  }
  names.push("n".repeat(254), "n".repeat(255), Buffer.alloc(255, 0xff), Buffer.alloc(254, 0xff), "é".repeat(127));
  tree.directory("names");
  tree.directory("names/directories");
  for (const [index, name] of names.entries()) {
    tree.file(join(bytesOf("names"), name), Buffer.from(`${index}\n`));
    tree.directory(join(bytesOf("names/directories"), name));
    if (index % 5 === 0) tree.file(join(bytesOf("names/directories"), name, "inside"), Buffer.from(`${index}`));
  }
}

function addSymlinks(tree: TreeBuilder): void {
  tree.directory("symlinks");
  for (const block of [512, 1024, 2048, 4096]) {
    for (let off = -66; off <= -31; off++) if (off < -61 || off > -35) addLength(block + off);
  }
  for (const length of [1, 2, 31, 32, 33, 59, 60, 61, 255, 256, 511, 512, 513, 4094, 4095]) addLength(length);
  function addLength(length: number): void {
    const target = Buffer.alloc(length, "../target-");
    if (length > 1) target[length - 1] = 0x78;
    tree.symlink(`symlinks/length-${length}`, target);
  }
  const targets = {
    dangling: "no such file",
    absolute: "/nix/store/none",
    directory: "../sizes",
    file: "../sizes/4096",
  };
  const odd = {
    self: "self",
    dot: ".",
    parent: "..",
    newline: "a\nb",
    slashes: "//..//.",
    spaces: "  ",
    quote: "'\"\\",
  };
  for (const [name, target] of Object.entries({ ...targets, ...odd })) tree.symlink(`symlinks/${name}`, target);
  tree.symlink("symlinks/bytes", Buffer.from([0xff, 0xfe, 0x80, 0x01]));
}

function addOwnersAndModes(tree: TreeBuilder): void {
  tree.directory("owners");
  for (const id of EDGE_IDS) {
    tree.file(`owners/uid-${id}`, Buffer.from("u"), { uid: id });
    tree.file(`owners/gid-${id}`, Buffer.from("g"), { gid: id });
    tree.directory(`owners/directory-${id}`, { uid: id, gid: id });
    tree.symlink(`owners/symlink-${id}`, "target", { uid: id, gid: id });
  }
  tree.directory("modes");
  for (const mode of [
    0, 0o1, 0o400, 0o644, 0o755, 0o777, 0o1644, 0o2755, 0o4755, 0o6711, 0o4000, 0o2000, 0o1000, 0o7777,
  ]) {
    const name = mode.toString(8).padStart(4, "0");
    tree.file(`modes/file-${name}`, Buffer.from("m"), { mode });
    tree.directory(`modes/directory-${name}`, { mode });
    tree.file(`modes/directory-${name}/inside`, EMPTY, { mode });
  }
}

function addTimes(tree: TreeBuilder): void {
  const [sec, top] = [1_000_000_000, 999_999_999];
  const plain = [0, 1, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1].map((value) => ({ sec: value, nsec: 0 }));
  // The negative ones by their floor: −1.5 s is −2 s and half a second.
  const fractions = [
    [-2, 500_000_000],
    [-1, 0],
    [-1, top],
    [0, 1],
    [0, top],
    [1, top],
    [2 ** 31 - 1, top],
    [sec, top],
  ];
  const ends = [
    [-(2 ** 31), 0],
    [2 ** 32, 0],
    [2 ** 32 + 5, 0],
    [2 ** 32 + 5, top],
    [2 ** 33, 1],
    [2 ** 34, 0],
    [2 ** 40, 0],
  ];
  const odd = [...fractions, ...ends, [sec, 1], [sec, 123_456_789], [sec, 100]].map(([s, n]) => ({
    sec: s!,
    nsec: n!,
  }));
  tree.directory("times");
  for (const time of tree.plainTimes ? plain : [...plain, ...odd]) {
    const name = `${time.sec}.${String(time.nsec).padStart(9, "0")}`;
    tree.file(`times/file-${name}`, Buffer.from(name), { time, optional: true });
    tree.symlink(`times/symlink-${name}`, name, { time, optional: true });
    tree.directory(`times/directory-${name}`, { time, optional: true });
  }
}

function addSpecials(tree: TreeBuilder): void {
  tree.directory("specials");
  for (const [major, minor] of [
    [0, 0],
    [1, 3],
    [8, 1],
    [259, 300],
    [511, 300_000],
    [0, 1_048_575],
    [4095, 1_048_575],
  ] as const) {
    for (const kind of ["c", "b"] as const) {
      // Linux knows a character device 0:0 as an overlayfs whiteout; it is an entry like any other here.
      tree.device(`specials/${kind}-${major}-${minor}`, kind, major, minor, { mode: kind === "c" ? 0o666 : 0o660 });
    }
  }
  tree.fifo("specials/fifo");
  tree.fifo("specials/fifo-owned", { mode: 0o1640, uid: 65536, gid: 65535 });
  tree.socket("specials/socket", { mode: 0o755 });
  tree.socket("specials/socket-owned", { mode: 0o700, uid: 70000, gid: 1 });
}

function addHardLinks(tree: TreeBuilder): void {
  for (const name of ["", "/x", "/y", "/z"]) tree.directory(`hard-links${name}`);
  const first: [string, (path: string) => void][] = [
    ["file", (path) => tree.file(path, noise(77, 5000), { mode: 0o4755, uid: 65536 })],
    ["large", (path) => tree.file(path, noise(78, 300_000))],
    ["empty", (path) => tree.file(path, EMPTY)],
    ["symlink", (path) => tree.symlink(path, "file")],
    ["device", (path) => tree.device(path, "c", 1, 5)],
    ["fifo", (path) => tree.fifo(path)],
    ["socket", (path) => tree.socket(path)],
  ];
  for (const [name, make] of first) {
    make(`hard-links/y/${name}`); // not the first in byte order
    tree.link(`hard-links/x/${name}`, `hard-links/y/${name}`);
    tree.link(`hard-links/z/${name}-other-name`, `hard-links/y/${name}`);
    tree.link(`hard-links/z/${name}`, `hard-links/y/${name}`);
  }
  tree.file("hard-links/many-0", Buffer.from("many"));
  for (let index = 1; index < 300; index++) tree.link(`hard-links/many-${index}`, "hard-links/many-0");
  tree.link("a-link-beside-the-top", "hard-links/y/file");
}

// ---- building ---------------------------------------------------------------------------------------------------

type PathBytes = string | Buffer;

interface Attributes {
  mode?: number;
  uid?: number;
  gid?: number;
  time?: { sec: number; nsec: number };
  /** Remove the entry if the filesystem cannot hold its time. */
  optional?: boolean;
}

interface Piece {
  at: number;
  bytes: Uint8Array;
}

interface Made {
  path: Buffer;
  kind: "file" | "directory" | "symlink" | "special";
  attributes: Attributes;
}

/** Makes entries now; owners, modes and times of all of them at the end, when no directory changes any more. */
class TreeBuilder {
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

function writeAll(path: PathBytes, pieces: readonly Piece[], size?: number): void {
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

function bytesOf(path: PathBytes): Buffer {
  return typeof path === "string" ? Buffer.from(path) : path;
}

function join(directory: Buffer, ...names: PathBytes[]): Buffer {
  const parts = [directory, ...names.map(bytesOf)].filter((part) => part.length > 0);
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [Buffer.from("/"), part])));
}

// ---- contents ---------------------------------------------------------------------------------------------------

const EMPTY = new Uint8Array(0);

/** mulberry32: the next value in 0..1. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

const POOL_BYTES = 11 << 20;
let pool: Buffer | undefined;

/** `size` (at most 10 MiB) bytes that do not compress: a window of one fixed noise, moved by `seed`. Never NUL. */
function noise(seed: number, size: number): Buffer {
  if (pool === undefined) {
    const values = new Uint32Array(POOL_BYTES / 4);
    const random = generator(0x5eed);
    for (let index = 0; index < values.length; index++) values[index] = random() * 2 ** 32;
    pool = Buffer.from(values.buffer);
    for (let index = 0; index < pool.length; index++) if (pool[index] === 0) pool[index] = 1;
  }
  const start = (Math.imul(seed, 0x9e3779b1) >>> 0) % (POOL_BYTES - size);
  return Buffer.from(pool.subarray(start, start + size));
}

/** `size` bytes of text that compresses about as source code does. */
function words(seed: number, size: number): Buffer {
  const random = generator(seed);
  const vocabulary = Array.from({ length: 300 }, (_, index) => (index * 7919 + 11).toString(36));
  const pieces: string[] = [];
  for (let length = 0; length < size; ) {
    const word = `${vocabulary[Math.floor(random() ** 2 * vocabulary.length)]}${random() < 0.1 ? "\n" : " "}`;
    pieces.push(word);
    length += word.length;
  }
  return Buffer.from(pieces.join(""), "latin1").subarray(0, size);
}
