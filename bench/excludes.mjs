// One regular expression that matches every name *not* on a list: what nixpkgs once handed to mkfs.erofs, because that
// takes rules for what to leave out but no list of what to take. Same shape as theirs, so that the time measured for it
// is the time their users had.

/** @typedef {Map<string, Trie>} Trie The characters that may come next, each with what may follow it. */

/**
 * A POSIX extended regular expression that matches whatever starts with none of `prefixes`. POSIX has no negative
 * lookahead, so it spells the complement: for each node of the prefixes' trie, "a character that no prefix has here,
 * or one that some prefix has, and wrong later on". A name that ends before it goes wrong is not matched; no name of
 * a store is that short.
 * @param {Iterable<string>} prefixes
 */
export function includesToExcludes(prefixes) {
  /** @type {Trie} */
  const root = new Map();
  for (const prefix of prefixes) {
    let node = root;
    for (const char of prefix) {
      const below = node.get(char) ?? new Map();
      node.set(char, below);
      node = below;
    }
  }
  return `^${complement(root)}`;
}

/** @param {Trie} node @returns {string} */
function complement(node) {
  const ways = [negatedClass([...node.keys()])];
  for (const [char, below] of node) if (below.size > 0) ways.push(`(${escaped(char)}${complement(below)})`);
  return `(${ways.join("|")})`;
}

/** Inside brackets only the place of a character can take its meaning away: `]` first, `-` last. @param {string[]} chars */
function negatedClass(chars) {
  const plain = chars.filter((char) => char !== "]" && char !== "-");
  return `[^${chars.includes("]") ? "]" : ""}${plain.join("")}${chars.includes("-") ? "-" : ""}]`;
}

/** @param {string} char */
function escaped(char) {
  return /[\\^$.[\]|()*+?{}]/.test(char) ? `\\${char}` : char;
}
