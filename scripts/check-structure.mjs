// Checks what neither tsc nor Biome can in ROOT/src: layers, doc comments, and the size of folders, files and functions.
// (Import cycles, default exports and where Node is used are rules in biome.json.)
//   node scripts/check-structure.mjs [ROOT]
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "rolldown/utils";

/** Folders of src, the lowest first; those of a row may not import each other. "" stands for the files in src itself. */
const LAYERS = [
  ["core"],
  ["codec", "stage/text"],
  ["stage/tree"],
  ["stage/source"],
  ["erofs", "squashfs", "verity"],
  ["inspect"],
  ["build"],
  [""],
  ["cli"],
];
/** Readers share tables and codecs with writers, and nothing else. */
const FOR_INSPECT = /^(inspect|core|codec|erofs\/disk|squashfs\/disk|verity)\//;
const MAX_FILES = 16;
const MAX_LINES = 400;
const MAX_FUNCTION_LINES = 60;
/** What the comment above a longer function must say. */
const REASON = /\bLong because \S/;

/** @typedef {{ path: string, text: string, parsed: import("rolldown/utils").ParseResult }} Code */
/** @typedef {{ start: number, end: number }} Range */
/** @typedef {import("rolldown/utils").ESTree.Node} Node */
/** @typedef {(file: Pick<Code, "path" | "text">, offset: number, message: string) => void} Report */

/** Reads and parses all code below ROOT/src, by path. @param {string} root @param {Report} report */
function readFiles(root, report) {
  /** @type {Map<string, Code>} */
  const files = new Map();
  for (const name of readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).sort()) {
    if (!/\.(ts|as)$/.test(name)) continue;
    const path = name.replaceAll("\\", "/");
    const source = readFileSync(join(root, "src", name), "utf8");
    // functions have decorators in AssemblyScript only: what follows takes them for comments
    const text = path.endsWith(".as") ? source.replace(/^@\w+/gm, (word) => "//".padEnd(word.length)) : source;
    const parsed = parseSync(path, text, { lang: "ts" });
    for (const { message, labels } of parsed.errors) report({ path, text }, labels[0]?.start ?? 0, message);
    files.set(path, { path, text, parsed });
  }
  return files;
}

/** The folder of LAYERS that a file belongs to, and its row. @param {string} path */
function layerOf(path) {
  const name = LAYERS.flat().find((each) => (each === "" ? !path.includes("/") : path.startsWith(`${each}/`)));
  return { name, level: LAYERS.findIndex((row) => row.includes(name ?? "?")) };
}

/** Imports go down only. Gives their number. @param {Map<string, Code>} files @param {Code} file @param {Report} report */
function checkImports(files, file, report) {
  const { staticImports, staticExports, dynamicImports } = file.parsed.module;
  const entries = staticExports.flatMap((each) => each.entries);
  /** @type {Range[]} */
  const places = [...staticImports, ...entries, ...dynamicImports].flatMap((each) => each.moduleRequest ?? []);
  new Visitor({ TSImportType: (node) => void places.push(node.source) }).visit(file.parsed.program);
  const specifiers = new Map(places.map(({ start, end }) => [start, file.text.slice(start + 1, end - 1)]));
  const own = layerOf(file.path);
  if (own.level < 0) report(file, 0, `src/${posix.dirname(file.path)} belongs to no layer`);
  for (const [start, specifier] of specifiers) {
    // imports of AssemblyScript name no extension, and its compiler looks in the codec's folder only
    if (!specifier.startsWith(".") || own.level < 0 || file.path.endsWith(".as")) continue;
    const path = posix.join(posix.dirname(file.path), specifier);
    const target = layerOf(path);
    const refuse = (/** @type {string} */ why) => report(file, start, `import of ${specifier}: ${why}`);
    if (!files.has(path)) refuse("names no file of src");
    else if (target.name === own.name) continue;
    else if (target.level === own.level) refuse(`src/${target.name} is a sibling of src/${own.name}`);
    else if (target.level > own.level) refuse(`src/${target.name} stands above src/${own.name}`);
    else if (own.name === "inspect" && !FOR_INSPECT.test(path)) refuse("src/inspect may import tables and codecs only");
  }
  return specifiers.size;
}

/** The comments directly above an offset, without a blank line between. @param {Code} file @param {number} offset */
function commentsAbove({ text, parsed }, offset) {
  let top = offset;
  const above = [];
  for (const comment of parsed.comments.toReversed()) {
    if (comment.end > top) continue;
    if (!/^[^\S\n]*\n?[^\S\n]*$/.test(text.slice(comment.end, top))) break;
    above.push(comment);
    top = comment.start;
  }
  return above;
}

/** True if a comment for readers of the API stands directly above. @param {Code} file @param {number} offset */
const hasDoc = (file, offset) =>
  commentsAbove(file, offset).some(({ type, value }) => type === "Block" && /^\*.*\p{L}/su.test(value));

/** @param {string} text */
const countLines = (text) => text.split("\n").length - 1;

/** Folders, files and functions stay small. @param {Map<string, Code>} files @param {Report} report */
function checkSizes(files, report) {
  const folders = [...files.keys()].map((path) => posix.dirname(path));
  for (const path of new Set(folders)) {
    const count = folders.filter((each) => each === path).length;
    if (count > MAX_FILES) report({ path, text: "" }, 0, `${count} files in a folder, more than ${MAX_FILES}`);
  }
  for (const file of files.values()) {
    const lines = countLines(file.text);
    if (lines > MAX_LINES) report(file, 0, `${lines} lines in a file, more than ${MAX_LINES}`);
    /** @param {Range} range */
    const check = ({ start, end }) => {
      const length = countLines(file.text.slice(start, end)) + 1;
      const above = commentsAbove(file, file.text.lastIndexOf("\n", start) + 1);
      if (length <= MAX_FUNCTION_LINES || above.some(({ value }) => REASON.test(value))) return;
      const rule = `more than ${MAX_FUNCTION_LINES}: its comment has to say "Long because …"`;
      report(file, start, `${length} lines in a function, ${rule}`);
    };
    const visitor = { FunctionDeclaration: check, FunctionExpression: check, ArrowFunctionExpression: check };
    new Visitor(visitor).visit(file.parsed.program);
  }
}

/** What stands at the top of a file under a name; of several overloads the first. @param {Code} file @param {string} name */
function findDeclaration(file, name) {
  for (const statement of file.parsed.program.body) {
    const node = (statement.type === "ExportNamedDeclaration" && statement.declaration) || statement;
    const { start } = statement;
    const ids = node.type === "VariableDeclaration" ? node.declarations : [node];
    const names = ids.map((each) => ("id" in each && each.id?.type === "Identifier" ? each.id.name : undefined));
    if (names.includes(name)) return { file, name, node, start };
  }
  return undefined;
}

/**
 * The declarations behind a name that a file exports ("*": behind all). Packages are not followed.
 * @param {Map<string, Code>} files @param {string} path @param {string} name
 * @returns {NonNullable<ReturnType<typeof findDeclaration>>[]}
 */
function findExported(files, path, name = "*") {
  const file = files.get(path);
  const entries = file?.parsed.module.staticExports.flatMap((each) => each.entries) ?? [];
  return entries.flatMap(({ moduleRequest, importName, exportName, localName }) => {
    if (!file || (name !== "*" && exportName.name !== null && exportName.name !== name)) return [];
    if (!moduleRequest) return findDeclaration(file, localName.name ?? "") ?? [];
    const from = posix.join(posix.dirname(path), moduleRequest.value);
    return findExported(files, from, importName.name ?? (importName.kind === "All" ? "*" : name));
  });
}

/** Members of a class or interface that callers may use: names and where each first stands. @param {Code} file @param {Node} node */
function membersOf({ text }, node) {
  const body = node.type === "ClassDeclaration" || node.type === "TSInterfaceDeclaration" ? node.body.body : [];
  /** @type {Map<string, number>} */
  const members = new Map();
  for (const member of body) {
    const key = "key" in member ? member.key : undefined;
    const isHidden =
      ("accessibility" in member && /^pr/.test(member.accessibility ?? "")) ||
      ("override" in member && member.override) ||
      ("kind" in member && member.kind === "constructor") ||
      key?.type === "PrivateIdentifier" ||
      /^(StaticBlock|TSConstructSignatureDeclaration)$/.test(member.type);
    const name = key ? text.slice(key.start, key.end) : "(signature)";
    // the first of several overloads, and of a get/set pair, speaks for all
    if (!isHidden && !members.has(name)) members.set(name, member.start);
  }
  return members;
}

/** All that is exported is explained, and so are the members of what src/index.ts exports. @param {Map<string, Code>} files @param {Report} report */
function checkDocs(files, report) {
  for (const file of files.values()) {
    if (file.path.endsWith(".as")) continue; // constants of one comment stand in groups there
    for (const { moduleRequest, localName, start } of file.parsed.module.staticExports.flatMap(
      (each) => each.entries,
    )) {
      const at = findDeclaration(file, localName.name ?? "")?.start ?? start;
      if (!moduleRequest && !hasDoc(file, at))
        report(file, at, `exported ${localName.name} has no doc comment above it`);
    }
  }
  for (const { file, name, node } of findExported(files, "index.ts")) {
    for (const [member, start] of membersOf(file, node)) {
      if (!hasDoc(file, start)) report(file, start, `public member ${name}.${member} has no doc comment above it`);
    }
  }
}

/** Runs all rules over ROOT/src, prints what they find and gives the exit code. @param {string} root */
function main(root) {
  /** @type {Set<string>} */
  const problems = new Set();
  const files = readFiles(root, report);
  let imports = 0;
  for (const file of files.values()) imports += checkImports(files, file, report);
  checkDocs(files, report);
  checkSizes(files, report);
  const sorted = [...problems].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  console.log(sorted.join("\n") || `structure: ${files.size} files, ${imports} imports`);
  return sorted.length === 0 ? 0 : 1;

  /** @type {Report} */
  function report({ path, text }, offset, message) {
    problems.add(`src/${path}:${countLines(text.slice(0, offset)) + 1}: ${message}`);
  }
}

process.exitCode = main(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
