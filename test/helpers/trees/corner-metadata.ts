/** The corners of names, links, owners, modes, times and kinds. */
import { noise } from "./noise.ts";
import { bytesOf, EMPTY, join, type TreeBuilder } from "./tree-builder.ts";

/** Owners at the borders of the formats' fields. */
export const EDGE_IDS = [0, 1, 1000, 65534, 65535, 65536, 2 ** 31, 2 ** 32 - 2];

/** Names of any bytes, and such as sort around the dots. */
export function addNames(tree: TreeBuilder): void {
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

/** Targets of every length at which a form changes, and odd ones. */
export function addSymlinks(tree: TreeBuilder): void {
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

/** Owners at the borders of fields, and all kinds of modes. */
export function addOwnersAndModes(tree: TreeBuilder): void {
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

/** Times at the borders of fields, and fractions of seconds. */
export function addTimes(tree: TreeBuilder): void {
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

/** Devices, FIFOs, sockets. */
export function addSpecials(tree: TreeBuilder): void {
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

/** Second names of every kind, also where the first is not the first in byte order. */
export function addHardLinks(tree: TreeBuilder): void {
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
