/** Reads the structure of a NAR: what there is, and where contents lie in it. See nar-format.ts. */
import { ImageError } from "../../../../core/error.ts";
import { excerpt } from "../../../../core/excerpt.ts";
import { S_IFDIR, S_IFLNK, S_IFREG } from "../../../tree/tree.ts";
import { MAX_NAR_NAME, MAX_NAR_TARGET, NAR_MAGIC } from "./nar-format.ts";
import type { NarInput } from "./nar-input.ts";

/** One node of an archive. */
export interface NarNode {
  /** As a latin1 string; empty for the archive's own. */
  name: string;
  /** Its directory's number among the nodes; its own for the first. */
  parent: number;
  /** st_mode, as Nix's store has it: 0444, 0555, a link 0777. */
  mode: number;
  /** Of a file: bytes of contents, and where they lie in the archive. */
  size: number;
  offset: number;
  /** Of a link, as a latin1 string. */
  target: string;
}

/** Modes of nodes in a store. */
const MODES = { file: S_IFREG | 0o444, program: S_IFREG | 0o555, directory: S_IFDIR | 0o555, link: S_IFLNK | 0o777 };

/**
 * Reads all nodes, each directory before what is in it, what is in it in byte order. Throws `INPUT` for what is no archive.
 *
 * @param breathe is called now and then with the bytes that have been passed since
 */
export async function readNar(
  input: NarInput,
  breathe: (bytes: number) => Promise<void> | undefined,
): Promise<NarNode[]> {
  const reader = new NarReader(input);
  const { nodes } = reader;
  let at = 0;
  reader.start();
  while (reader.step()) {
    if (input.at - at < 1 << 18 && nodes.length % 256 !== 0) continue;
    const breathing = breathe(input.at - at);
    at = input.at;
    if (breathing !== undefined) await breathing;
  }
  input.end();
  return nodes;
}

class NarReader {
  readonly #input: NarInput;
  readonly nodes: NarNode[] = [];
  /** Directories that are open: their numbers, and the names that came last in them. */
  readonly #open: { node: number; last: string }[] = [];

  constructor(input: NarInput) {
    this.#input = input;
  }

  start(): void {
    const { name } = this.#input;
    let magic: string;
    try {
      magic = this.#input.text(NAR_MAGIC.length);
    } catch (cause) {
      if (!(cause instanceof ImageError) || cause.code !== "INPUT") throw cause;
      throw new ImageError("INPUT", `${name}: is no NAR`, { path: name, offset: 0, cause });
    }
    if (magic !== NAR_MAGIC) throw this.#input.refuse("is no NAR", 0);
    this.#node("", 0);
  }

  /** Reads the next entry of the directory that is open, or its end; false where none is. */
  step(): boolean {
    const directory = this.#open.at(-1);
    if (directory === undefined) return false;
    const at = this.#input.at;
    const word = this.#input.text();
    if (word === ")") {
      this.#open.pop();
      if (this.#open.length > 0) this.#expect(")");
      return true;
    }
    if (word !== "entry")
      throw this.#input.refuse(`${excerpt(word)} where an entry or the end of a directory belongs`, at);
    this.#expect("(", "name");
    const nameAt = this.#input.at;
    const name = this.#input.text(MAX_NAR_NAME);
    if (name === "" || name === "." || name === ".." || /[/\0]/.test(name)) {
      throw this.#input.refuse(`${excerpt(name)} is no name`, nameAt);
    }
    if (name <= directory.last) {
      const how = name === directory.last ? "is there twice" : `stands behind ${excerpt(directory.last)}`;
      throw this.#input.refuse(`the name ${excerpt(name)} ${how}`, nameAt);
    }
    directory.last = name;
    this.#expect("node");
    if (!this.#node(name, directory.node)) this.#expect(")");
    return true;
  }

  /** Reads a node, of a directory its beginning; true for one. */
  #node(name: string, parent: number): boolean {
    this.#expect("(", "type");
    const at = this.#input.at;
    const type = this.#input.text();
    const number = this.nodes.length;
    const node: NarNode = { name, parent, mode: MODES.file, size: 0, offset: 0, target: "" };
    if (type === "directory") {
      node.mode = MODES.directory;
      this.#open.push({ node: number, last: "" });
    } else if (type === "regular") this.#file(node);
    else if (type === "symlink") this.#link(node);
    else throw this.#input.refuse(`${excerpt(type)} is no type of a node`, at);
    this.nodes.push(node);
    return type === "directory";
  }

  #file(node: NarNode): void {
    const at = this.#input.at;
    let word = this.#input.text();
    if (word === "executable") {
      this.#expect("");
      node.mode = MODES.program;
      word = this.#input.text();
    }
    if (word === "contents") {
      node.size = this.#input.length();
      node.offset = this.#input.at;
      this.#input.skip(node.size);
      this.#input.padding(node.size);
      word = this.#input.text();
    }
    if (word !== ")") throw this.#input.refuse(`${excerpt(word)} where a file's contents or end belong`, at);
  }

  #link(node: NarNode): void {
    this.#expect("target");
    const at = this.#input.at;
    node.mode = MODES.link;
    node.target = this.#input.text(MAX_NAR_TARGET);
    if (node.target === "" || node.target.includes("\0")) throw this.#input.refuse("a link leads nowhere", at);
    this.#expect(")");
  }

  #expect(...words: string[]): void {
    for (const word of words) {
      const at = this.#input.at;
      const found = this.#input.text();
      if (found !== word) throw this.#input.refuse(`${excerpt(found)} where ${excerpt(word)} belongs`, at);
    }
  }
}
