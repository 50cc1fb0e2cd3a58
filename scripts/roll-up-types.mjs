// Writes dist/library.d.ts: the types of all that src/index.ts exports, in one file, from the declarations that tsc has made.
// What they are made of is there too and not exported, and what a user cannot make use of is left out:
//  - a function gives an interface that is not exported: it is said to give the exported one which that extends
//  - `keyof typeof TABLE`: the names that the table has
//  - the constructor of a class that is exported as a type
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseSync, Visitor } from "rolldown/utils";

/**
 * @typedef {{ file: string, name: string }} Target a declaration, by its file and its name there
 * @typedef {Target & { isType: boolean }} Foreign the same, by an import or an export, and whether it is a type there
 * @typedef {{ text: string, start: number, node: any }} Own a declaration with its comment, where that starts, and its syntax
 * @typedef {{ own: Map<string, Own>, foreign: Map<string, Foreign> }} Declarations of a file
 * @typedef {{ start: number, end: number, text: string }} Edit what is to stand in a place
 */

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const entry = `${dist}/index.d.ts`;
/** @type {Map<string, Declarations>} */
const files = new Map();
/** Functions with several signatures, by file and name. */
const overloaded = new Set();
/** What has to be written, by file and name, in this order, each by the name that it gets. @type {Map<string, Target & { shown: string }>} */
const taken = new Map();

const exported = [...load(entry).foreign].map(([name, foreign]) => {
  const { isType, ...target } = resolve(foreign);
  return { name: take(target, name), isType: isType || foreign.isType };
});
const ofTypes = new Set(exported.flatMap(({ name, isType }) => (isType ? [name] : [])));
let text = "";
// grows while it is gone through
for (const target of taken.values())
  text += `${write(target)}
`;
const list = exported.map(({ name, isType }) => `  ${isType ? "type " : ""}${name},\n`).sort();
writeFileSync(`${dist}/library.d.ts`, `${text}export {\n${list.join("")}};\n`);

/** Has a declaration written; gives the name that it has then. @param {Target} target @param {string} wanted */
function take({ file, name }, wanted = name) {
  const key = `${file} ${name}`;
  const known = taken.get(key);
  if (known) return known.shown;
  const names = new Set([...taken.values()].map((each) => each.shown));
  let free = wanted;
  for (let n = 2; names.has(free); n++) free = `${wanted}${n}`;
  taken.set(key, { file, name, shown: free });
  return free;
}

/** @param {Target & { shown: string }} target */
function write(target) {
  const { file, name } = target;
  const own = load(file).own.get(name);
  if (!own) throw new Error(`${file}: ${name} is not declared`);
  if (overloaded.has(`${file} ${name}`))
    throw new Error(`${file}: ${name} has several signatures, and one would be written`);
  let text = "";
  let at = own.start;
  for (const edit of edits(file, own, target.shown).sort((a, b) => a.start - b.start)) {
    text += own.text.slice(at - own.start, edit.start - own.start) + edit.text;
    at = edit.end;
  }
  text += own.text.slice(at - own.start);
  return text.replace(/^((?:\/\*\*[\s\S]*?\*\/\s*)?)(?:export )?(?:declare )?/, "$1declare ");
}

/** What is to stand otherwise in a declaration. @param {string} file @param {Own} own @param {string} name */
function edits(file, { node }, name) {
  const { own, foreign } = load(file);
  /** @type {Edit[]} */
  const edits = [{ ...spanOf((node.declarations?.[0] ?? node).id), text: name }];
  const results = new Set();
  // nothing is taken for what stands inside of what is replaced
  let replaced = 0;
  /** @param {any} node @param {string} text */
  const replace = (node, text) => {
    edits.push({ ...spanOf(node), text });
    replaced = node.end;
  };
  /** @param {any} named */
  const rename = (named) => {
    if (named.start < replaced) return;
    let id = named;
    while (id.type === "TSQualifiedName") id = id.left;
    const target = foreign.get(id.name) ?? (own.has(id.name) ? { file, name: id.name } : undefined);
    // what is neither is a type parameter, or of the language
    if (target) edits.push({ ...spanOf(id), text: results.has(named) ? takeOpaque(target) : take(resolve(target)) });
  };
  const program = {
    type: "Program",
    sourceType: "module",
    body: [node],
    hashbang: null,
    start: node.start,
    end: node.end,
  };
  new Visitor({
    TSDeclareFunction: ({ returnType }) => void results.add(/** @type {any} */ (returnType)?.typeAnnotation.typeName),
    TSTypeReference: ({ typeName }) => rename(typeName),
    TSTypeQuery: ({ exprName }) => rename(exprName),
    TSInterfaceHeritage: ({ expression }) => rename(expression),
    TSClassImplements: ({ expression }) => rename(expression),
    ClassDeclaration: ({ superClass }) => superClass && rename(superClass),
    MethodDefinition: (method) => {
      if (method.kind === "constructor" && ofTypes.has(name)) replace(method, "private constructor();");
    },
    TSTypeOperator: (type) => {
      const { operator, typeAnnotation } = /** @type {any} */ (type);
      const table = operator === "keyof" ? own.get(typeAnnotation.exprName?.name)?.node : undefined;
      if (table) replace(type, keysOf(table));
    },
    TSImportType: ({ source }) => {
      throw new Error(`${file}: ${name}: a type of ${source.value} has to be imported by name`);
    },
  }).visit(/** @type {any} */ (program));
  return edits;
}

/** @param {any} node of a name without its type @returns {{ start: number, end: number }} */
function spanOf({ type, name, start, end }) {
  return { start, end: type === "Identifier" ? start + name.length : end };
}

/** The names of `declare const TABLE: { … }`, as a type. @param {any} table */
function keysOf({ declarations }) {
  const { members } = declarations[0].id.typeAnnotation.typeAnnotation;
  return members.map((/** @type {any} */ { key }) => JSON.stringify(key.name ?? key.value)).join(" | ");
}

/** Of an interface that nobody outside knows: the one that it extends, which is known. @param {Target} target */
function takeOpaque(target) {
  const { file, name } = resolve(target);
  const { extends: bases } = load(file).own.get(name)?.node ?? {};
  const base = bases?.[0]?.expression.name;
  const isKnown = [...taken.values()].some((each) => each.file === file && each.name === name);
  if (isKnown || base === undefined) return take({ file, name });
  return take(resolve(load(file).foreign.get(base) ?? { file, name: base }));
}

/** Follows what is exported further. @param {Target & { isType?: boolean }} target @returns {Foreign} */
function resolve({ file, name, isType = false }) {
  const further = load(file).foreign.get(name);
  if (!further) return { file, name, isType };
  return resolve({ ...further, isType: isType || further.isType });
}

/** @param {string} file @returns {Declarations} */
function load(file) {
  const known = files.get(file) ?? read(file);
  files.set(file, known);
  return known;
}

/** @param {string} file @returns {Declarations} */
function read(file) {
  const code = readFileSync(file, "utf8");
  const { program, comments, errors } = parseSync(file, code, { lang: "dts" });
  if (errors.length > 0) throw new Error(`${file}: ${errors[0]?.message}`);
  /** @type {Declarations} */
  const found = { own: new Map(), foreign: new Map() };
  for (const statement of program.body) {
    const { type, source, specifiers = [], declaration, ...rest } = /** @type {any} */ (statement);
    // what a package or Node declares is not there for those who read the outcome
    if (source?.value.startsWith(".")) {
      const from = join(dirname(file), source.value.replace(/\.[tj]s$/, ".d.ts"));
      for (const { imported, local, exported, importKind, exportKind } of specifiers) {
        // of `export { a as b } from`, what it is there is called local
        const [mine, theirs] = type === "ImportDeclaration" ? [local, imported] : [exported, local];
        const isType = [rest.importKind, rest.exportKind, importKind, exportKind].includes("type");
        found.foreign.set(mine.name, { file: from, name: theirs.name, isType });
      }
    }
    const node = declaration ?? statement;
    const name = (node.declarations?.[0] ?? node).id?.name;
    if (name === undefined) continue;
    if (found.own.has(name)) overloaded.add(`${file} ${name}`);
    const before = comments.findLast((each) => each.end <= statement.start);
    const isOwn = before?.value.startsWith("*") && code.slice(before.end, statement.start).trim() === "";
    const start = isOwn && before ? before.start : statement.start;
    found.own.set(name, { text: code.slice(start, statement.end), start, node });
  }
  return found;
}
