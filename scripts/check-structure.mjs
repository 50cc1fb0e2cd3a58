// Checks what neither tsc nor biome can: layers, import cycles, doc comments, and where Node is used in ROOT/src.
//   node scripts/check-structure.mjs [ROOT]
// TypeScript 7 has no JavaScript API. A small scanner blanks comments, strings and regular expressions, so that what
// is left can be read with patterns. They lean on biome's formatting, which `npm run check` checks first: what is
// declared at the top starts its line, members of it stand two spaces in, and their bodies break after the `{`.
import { readdirSync, readFileSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { join, posix } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * Layer of each folder of src; "" stands for the files directly in it. A folder that is not named belongs to the one
 * around it.
 */
const LAYERS = {
  core: 0,
  codec: 1,
  "stage/text": 1,
  "stage/tree": 2,
  "stage/source": 3,
  erofs: 4,
  squashfs: 4,
  inspect: 5,
  build: 6,
  "": 7,
  cli: 8,
};
const CODE_FILE = /\.[mc]?[jt]sx?$/;
const WORKER_ENTRY = /(^|[/-])worker\.ts$/;
const NODE_FILE = /(^|\/)node-[^/]*\.ts$|^build\/worker\.ts$|^cli\//;

const LEXEME =
  /\s+|(?<comment>\/\/.*|(?<![\s\S])#!.*|\/\*[\s\S]*?\*\/)|(?<string>"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*')|(?<regex>\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/\w*)|[\w$]+|[^"'\s]/y;
const TEMPLATE_PART = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
const PARTNERS = { "(": ")", "[": "]", "{": "}", "${": "}" };
/** Code after which a `/` divides: an operand, also with `!` behind it, that is no keyword. */
const OPERAND = /(?:[\w$"`)\]}]|\+\+|--|[\w$)\]]!|[^=]>)$/;
const KEYWORD = /(?<![.\w$])(?:return|typeof|case|in|of|do|else|void|delete|throw|await|yield|default|extends)$/;

// Patterns for blanked code. A string is `"____"` there; the group `spec` lets its text be found in the original.
const IMPORT = /(?<![\w$]|(?<!\.\.)\.)(?:from\s*|(?:import|require)\s*(?:\(\s*)?)(["`])(?<spec>_*)\1/dg;
const BINDINGS = /^import\s+([^"();]*?)\s*from\s*"(?<spec>_*)"/dgm;
const URL_CALL = /\bnew\s+URL\s*\((?<address>[^;]*?),\s*import\.meta\.url\s*,?\s*\)/dg;
const URL_TEXT = /(["`])(?<spec>_*)(?:\1|\$\{)/dg;
const EXPORT_DEFAULT = /(?<=^ *)export\s*(?:default\b|=)/gm;
const EXPORT_LIST =
  /(?<=^ *)export\s*(?:type\b\s*)?(?:\{([^}]*)\}|\*(?:\s*as\s+([\w$]+))?)(?:\s*from\s*"(?<spec>_*)")?/dgm;
const DECLARATION =
  /(?:(?<=^ *)export\s+|^)(?:(?:declare|abstract|async)\s+)*(function\s*\*|(?:const\s+enum|function|class|const|let|var|interface|type|enum)\b)\s*([\w$]+|(?<=(?:const|let|var)\s*)[{[])/gm;
const BODY = /[\s\S]*?\{ *\n(?:\}|([\s\S]*?)\n\})/y;
const MEMBER =
  /^ {2}((?:(?:public|private|protected|static|abstract|override|readonly|async|get|set|declare|accessor)\s+(?=[\w$#"[{*]))*)\*?(#?[\w$]+|"_*"|\[[^\]]*\]|(?=[(<{]))/gm;

/** Blanks what is not code, keeping every offset and line; `docs` holds the ends of the doc comments. */
function blank(text) {
  const docs = [];
  const open = [];
  let code = "";
  const fail = (what) => {
    throw Object.assign(new Error(`cannot read this file: ${what}`), { offset: code.length });
  };
  const hide = (part, mark) => part.replace(/[^\n]/g, mark);
  const hideTemplatePart = () => {
    TEMPLATE_PART.lastIndex = code.length;
    const [part] = TEMPLATE_PART.exec(text) ?? fail("a template has no end");
    const tail = part.endsWith("`") ? "`" : "${";
    code += hide(part.slice(0, -tail.length), "_") + tail;
    if (tail === "${") open.push("${");
  };
  while (code.length < text.length) {
    LEXEME.lastIndex = code.length;
    const found = LEXEME.exec(text) ?? fail("a string has no end");
    const [part] = found;
    const { comment, string, regex } = found.groups;
    const before = regex && code.trimEnd();
    if (comment) {
      code += hide(part, " ");
      if (/^\/\*\*.*\p{L}/su.test(part)) docs.push(code.length);
    } else if (regex && OPERAND.test(before) && !KEYWORD.test(before)) code += "/";
    else if (string || regex) code += `"${hide(part.slice(1, -1), "_")}"`;
    else {
      const last = ")]}".includes(part) ? (open.pop() ?? fail(`${part} closes nothing`)) : undefined;
      if (last && PARTNERS[last] !== part) fail(`${part} stands where ${last} should be closed`);
      if (part === "(" || part === "[" || part === "{") open.push(part);
      code += part;
      if (part === "`" || last === "${") hideTemplatePart();
    }
  }
  if (open.length > 0) fail("a bracket is not closed");
  return { text, code, docs };
}

/** True if a doc comment stands directly above; behind a blank line it is the header of the file, not of the code. */
function hasDoc({ text, code, docs }, offset) {
  const end = docs.findLast((docEnd) => docEnd <= offset);
  return end !== undefined && code.slice(end, offset).trim() === "" && !/\n\s*\n/.test(text.slice(end, offset));
}

/** The members of a class or interface that a caller can use and that need a comment, as {name, offset}. */
function readMembers({ code, text }, { end }) {
  const members = new Map();
  BODY.lastIndex = end;
  const body = /^[^\n{]*\{\}/.test(code.slice(end)) ? undefined : BODY.exec(code)?.[1];
  const start = BODY.lastIndex - `${body}\n}`.length;
  for (const { 0: head, 1: modifiers, 2: word, index } of body?.matchAll(MEMBER) ?? []) {
    const stop = start + index + head.length;
    const name = text.slice(stop - word.length, stop) || "(call)";
    const isExempt = /\b(?:private|protected|override)\b/.test(modifiers) || /^(?:#|(?:constructor|new)$)/.test(name);
    // The first of several overloads, and of a get/set pair, speaks for all.
    const key = modifiers.includes("static") ? `static ${name}` : name;
    if (!isExempt && code[stop] !== "{" && !members.has(key)) members.set(key, { name, offset: start + index + 2 });
  }
  return members.values();
}

/** Entries of `a, type b, c as d` as [name before `as`, name after it]. */
function readNames(list) {
  const entries = list.split(",").map((entry) => entry.trim().split(/\s+/));
  return entries.filter(([first]) => first).map((words) => [words[1 - (words.length % 2)], words.at(-1)]);
}

/** Imports, exports and top-level declarations of one file. */
function readModule(name, text, report) {
  const file = { name, ...blank(text), imports: [], bindings: new Map(), lists: [], declarations: [] };
  const { code, imports, bindings, lists, declarations } = file;
  const specifierOf = ({ indices }, base = 0) => {
    const range = indices.groups.spec;
    return range && text.slice(base + range[0], base + range[1]);
  };
  const noDefault = (offset) => report(file, offset, "default export: this project has named exports only");
  for (const found of code.matchAll(IMPORT)) {
    imports.push({ specifier: specifierOf(found), offset: found.indices.groups.spec[0], isUrl: false });
  }
  for (const call of code.matchAll(URL_CALL)) {
    // Every text of the first argument counts: it may choose between "./worker.ts" and the built "./worker.js".
    for (const found of call.groups.address.matchAll(URL_TEXT)) {
      const specifier = specifierOf(found, call.indices.groups.address[0]);
      imports.push({ specifier, offset: call.index, isUrl: true });
    }
  }
  for (const found of code.matchAll(BINDINGS)) {
    const [braces, named] = found[1].match(/\{([^}]*)\}/) ?? ["", ""];
    const whole = found[1].replace(braces, "").match(/[\w$]+/g) ?? [];
    const names = [...readNames(named), ...whole.map((word) => ["*", word])];
    for (const [inner, outer] of names) bindings.set(outer, [{ outer, inner, specifier: specifierOf(found) }]);
  }
  for (const found of code.matchAll(EXPORT_LIST)) {
    const names = found[1] === undefined ? [["*", found[2] ?? "*"]] : readNames(found[1]);
    for (const [inner, outer] of names) {
      if (outer === "default") noDefault(found.index);
      lists.push({ outer, inner, specifier: specifierOf(found), offset: found.index });
    }
  }
  for (const { index } of code.matchAll(EXPORT_DEFAULT)) noDefault(index);
  const own = lists.filter((entry) => entry.specifier === undefined);
  for (const { 0: head, 1: kind, 2: name, index: offset } of code.matchAll(DECLARATION)) {
    const isExported = head.startsWith("export") || own.some((entry) => entry.inner === name);
    declarations.push({ kind, name, offset, end: offset + head.length, isExported });
  }
  const isKnown = (name) => bindings.has(name) || declarations.some((each) => each.name === name);
  for (const { inner, offset } of own) if (!isKnown(inner)) report(file, offset, `cannot find what ${inner} is`);
  return file;
}

/** The file of src that an import names: undefined for a package, null if there is none. */
function resolve(files, from, { specifier, isUrl }) {
  const isPath = isUrl ? /^(?:\.\.?\/)*[\w-][\w./-]*$/.test(specifier) : /^\.{0,2}(\/|$)/.test(specifier);
  if (!isPath) return undefined;
  const path = posix.join(posix.dirname(from), specifier);
  if (!isUrl) return files.has(path) ? path : null;
  // tsc rewrites no URL, so a URL may name the built file, or leave the extension to be added.
  const names = [path, path.replace(/\.js$/, ".ts"), path.replace(/\.?$/, ".ts")];
  return names.find((name) => files.has(name)) ?? (CODE_FILE.test(path) ? null : undefined);
}

/** The folder with a layer that a file belongs to, or the one at the top where none has. */
function folderOf(path) {
  const parts = path.split("/").slice(0, -1);
  for (let end = parts.length; end > 0; end--) {
    const folder = parts.slice(0, end).join("/");
    if (folder in LAYERS) return folder;
  }
  return parts[0] ?? "";
}
const layerOf = (path) => LAYERS[folderOf(path)];

/** Rules 1 and 4: from where a file may import. Gives the files of src that it imports, with the offsets. */
function checkImports(files, file, report) {
  const targets = new Map();
  const folder = folderOf(file.name);
  const layer = LAYERS[folder];
  if (layer === undefined) report(file, 0, `src/${folder} belongs to no layer`);
  for (const entry of file.imports) {
    const { specifier, offset, isUrl } = entry;
    if (!isUrl && (isBuiltin(specifier) || specifier.startsWith("node:")) && !NODE_FILE.test(file.name)) {
      report(file, offset, `import of ${specifier}: only node-*.ts, src/build/worker.ts and src/cli may use Node`);
    }
    const target = resolve(files, file.name, entry);
    if (target === null) {
      const leaves = specifier.startsWith("/") || posix.join(posix.dirname(file.name), specifier).startsWith("../");
      report(file, offset, `import of ${specifier} ${leaves ? "leaves src" : "names no file (exact name needed)"}`);
    }
    // A worker is started, not imported: above the portable layers its address is a plain value.
    if (!target || (isUrl && WORKER_ENTRY.test(target) && layer >= LAYERS[""])) continue;
    if (!targets.has(target)) targets.set(target, offset);
    if (folderOf(target) === folder || !(layerOf(target) >= layer)) continue;
    const why = layerOf(target) === layer ? "its sibling" : `from layer ${layer} up to ${layerOf(target)}`;
    report(file, offset, `src/${folder} imports src/${target}, ${why}`);
  }
  return targets;
}

/** Rule 2: for each file the shortest cycle through it, each cycle once. */
function checkCycles(files, graph, report) {
  const known = new Set();
  for (const [start, firstTargets] of graph) {
    const paths = [[start]];
    const visited = new Set();
    for (const path of paths) {
      const targets = graph.get(path.at(-1)) ?? new Map();
      if (targets.has(start)) {
        const key = [...path].sort().join();
        const shown = [...path, start].map((name) => `src/${name}`).join(" -> ");
        if (!known.has(key)) report(files.get(start), firstTargets.get(path[1] ?? start), `import cycle: ${shown}`);
        known.add(key);
        break;
      }
      for (const target of targets.keys()) {
        if (!visited.has(target)) paths.push([...path, target]);
        visited.add(target);
      }
    }
  }
}

/** The declarations that src/index.ts exports, each with the file where it stands. Packages are not followed. */
function publicDeclarations(files) {
  const found = new Map();
  const seen = new Set();
  /** Finds what `name` ("*" for all exports) means in `file`. */
  const visit = (file, name) => {
    const key = `${file?.name} ${name}`;
    if (!file?.code || seen.has(key)) return;
    seen.add(key);
    const own = file.declarations.filter((each) => (name === "*" ? each.isExported : each.name === name));
    for (const declaration of own) found.set(declaration, file);
    const passed = file.lists.filter(({ outer }) => name === "*" || outer === "*" || outer === name);
    for (const { outer, inner, specifier } of [...passed, ...(file.bindings.get(name) ?? [])]) {
      const from = specifier === undefined ? file : files.get(resolve(files, file.name, { specifier }));
      visit(from, outer === "*" ? name : inner);
    }
  };
  visit(files.get("index.ts"), "*");
  return found;
}

/** Rule 3: exported declarations need a doc comment, and so do the members of all that src/index.ts exports. */
function checkDocs(files, report) {
  let exported = 0;
  const requireDoc = (file, offset, what) => {
    if (!hasDoc(file, offset)) report(file, offset, `${what} has no doc comment directly above it`);
  };
  for (const file of files.values()) {
    const own = file.declarations?.filter((each) => each.isExported) ?? [];
    for (const [at, { kind, name, offset }] of own.entries()) {
      const isOverload = kind === "function" && own[at - 1]?.name === name; // the first one speaks for all
      if (!isOverload) requireDoc(file, offset, `exported ${kind} ${name}`);
    }
    exported += own.length;
  }
  const reached = publicDeclarations(files);
  for (const [declaration, file] of reached) {
    if (!/^(class|interface)$/.test(declaration.kind)) continue;
    for (const { name, offset } of readMembers(file, declaration)) {
      requireDoc(file, offset, `public member ${declaration.name}.${name}`);
    }
  }
  return `${exported} exported declarations, ${reached.size} of them public`;
}

/** Runs all rules over ROOT/src, prints what they find and gives the exit code. */
function main(root) {
  const src = join(root, "src");
  const problems = new Set();
  const report = ({ name, text = "" }, offset, message) =>
    problems.add(`src/${name}:${text.slice(0, offset).split("\n").length}: ${message}`);
  const paths = readdirSync(src, { recursive: true }).filter((path) => statSync(join(src, path)).isFile());
  const names = paths.map((path) => path.replaceAll("\\", "/")).sort();
  const files = new Map(names.map((name) => [name, { name }]));
  const graph = new Map();
  for (const name of names.filter((each) => CODE_FILE.test(each))) {
    const text = readFileSync(join(src, name), "utf8").replaceAll("\r\n", "\n");
    try {
      files.set(name, readModule(name, text, report));
    } catch (error) {
      report({ name, text }, error.offset, error.message);
    }
  }
  let imports = 0;
  for (const file of files.values()) {
    if (!file.code) continue;
    graph.set(file.name, checkImports(files, file, report));
    imports += file.imports.length;
  }
  checkCycles(files, graph, report);
  const counts = checkDocs(files, report);
  const sorted = [...problems].sort((a, b) => a.localeCompare(b, "en", { numeric: true }));
  console.log(sorted.join("\n") || `structure: ${graph.size} files, ${imports} imports, ${counts}`);
  return sorted.length === 0 ? 0 : 1;
}

process.exitCode = main(process.argv[2] ?? fileURLToPath(new URL("..", import.meta.url)));
