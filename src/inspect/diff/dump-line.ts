/** Lines of dumps, taken apart: which structure it is, and what its fields hold. */

/** A line of a dump. */
export interface DumpLine {
  /** Where it is, as the dump shows it: an offset, or a reference into a table. */
  readonly place: string;
  /** The offset in the image; undefined: it is in a space of its own. */
  readonly at: number | undefined;
  /** The structure, and whose it is: the same in both dumps where both have it. */
  readonly what: string;
  /** That tells nothing of whose it is. */
  readonly isNameless: boolean;
  /** Values by the names of their fields. */
  readonly fields: ReadonlyMap<string, string>;
  /** All that is said of it. */
  readonly text: string;
}

const LINE = /^\s*((box:)?(?:0x[0-9a-f]+|\d+:\d+))\s+(\d+) {2}(.*)$/;
/** What fills up is told behind a structure. */
const FILLER = /, then (\d+) zeros?$/;
/** Structures of which many are alike. */
const NAMELESS = /^(?:box:)?(?:zeros|unknown|pack of|z_erofs_|chunk address|erofs_inode_chunk_index|block_list)/;
/** A NID stands in an inode's subject, and is no part of its name. */
const NID = / nid=(\S+)(?: (.*))?$/;

/** Takes one apart. */
export function parseDumpLine(line: string): DumpLine {
  const [, place = "", box = "", length = "", all = line.trim()] = LINE.exec(line) ?? [];
  const fields = new Map([["length", length]]);
  const filler = FILLER.exec(all);
  if (filler) fields.set("zeros behind", filler[1]!);
  const text = filler ? all.slice(0, filler.index) : all;
  const colon = text.indexOf(": ");
  const [head, tail] = colon < 0 ? splitWords(text) : [text.slice(0, colon), text.slice(colon + 2)];
  const nid = NID.exec(head);
  if (nid) fields.set("nid", nid[1]!);
  if (nid?.[2] !== undefined) fields.set("layout", nid[2]);
  if (colon < 0) addWords(tail, fields);
  else addFields(tail, fields);
  const isHere = place.startsWith("0x");
  const what = box + (nid ? head.slice(0, nid.index) : head);
  return { place, at: isHere ? Number(place) : undefined, what, isNameless: NAMELESS.test(what), fields, text };
}

/** `data of /z, blocks 1..1, 1 pcluster, 280c3c8c8aa1`: the first words say what it is. */
function splitWords(text: string): [head: string, tail: string] {
  const comma = text.indexOf(", ");
  const head = comma < 0 ? text : text.slice(0, comma);
  const tail = comma < 0 ? "" : text.slice(comma + 2);
  // so many of them is no part of what they are
  const counted = /^(\d+) (names? of .*)$/.exec(head);
  return counted ? [counted[2]!.replace(/^name /, "names "), `${counted[1]} names`] : [head, tail];
}

function addWords(tail: string, fields: Map<string, string>): void {
  for (const word of tail.split(", ").filter((each) => each !== "")) {
    const counted = /^(?:and )?(\d+) (.*?)s?$/.exec(word);
    const named = /^(\S+) (\S+)$/.exec(word);
    if (counted) fields.set(`${counted[2]}s`, counted[1]!);
    else if (named) fields.set(named[1]!, named[2]!);
    else fields.set("bytes", word);
  }
}

function addFields(tail: string, fields: Map<string, string>): void {
  const others: string[] = [];
  const words = tail.split(" ");
  for (const [index, word] of words.entries()) {
    const equals = word.indexOf("=");
    if (equals > 0) fields.set(word.slice(0, equals), word.slice(equals + 1));
    else if (words[index - 1] === "value") fields.set("value", word);
    else if (word !== "value") others.push(word);
  }
  if (others.length > 0) fields.set("", others.join(" "));
}
