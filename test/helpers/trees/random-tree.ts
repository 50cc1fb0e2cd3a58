/** Trees of random entries, decided by a seed alone. Root only. */
import { EDGE_IDS } from "./corner-metadata.ts";
import { generator, noise, words } from "./noise.ts";
import { type Attributes, join, TreeBuilder } from "./tree-builder.ts";

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
