// Writes docs/api.md, the reference of the library, or the file that it is given, from the comments in dist/library.d.ts
// (`npm run build:api`). A test asks whether that is what stands there.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseSync } from "rolldown/utils";

/**
 * @typedef {{ name: string, kind: string, doc: string, text: string, node: any }} Declaration
 */

const HEAD = `# API

What \`import … from "ts-mkerofs"\` gives, from the comments in its types. How it is used: [library.md](library.md).
All errors are \`ImageError\`, unless a callback, a Sink or a stream of the caller's has thrown another.
`;

const out = process.argv[2] ?? fileURLToPath(new URL("../docs/api.md", import.meta.url));
writeFileSync(out, apiPage(readFileSync(new URL("../dist/library.d.ts", import.meta.url), "utf8")));

/** The page. @param {string} types the text of dist/library.d.ts */
function apiPage(types) {
  const { program, comments } = parseSync("library.d.ts", types);
  /** @param {number} start */
  const docAt = (start) => {
    const comment = comments.findLast(({ end }) => end <= start);
    if (comment === undefined || types.slice(comment.end, start).trim() !== "") return "";
    return comment.value
      .replace(/^\*/, "")
      .replace(/^[ \t]*\* ?/gm, "")
      .trim();
  };
  /** @type {Declaration[]} */
  const found = [];
  for (const statement of /** @type {any[]} */ (program.body)) {
    if (statement.type === "ExportNamedDeclaration") continue;
    const node = statement.type === "VariableDeclaration" ? statement.declarations[0] : statement;
    const kind = { TSDeclareFunction: "function", ClassDeclaration: "class" }[/** @type {string} */ (statement.type)];
    const text = types.slice(statement.start, statement.end);
    found.push({ name: node.id.name, kind: kind ?? "type", doc: docAt(statement.start), text, node: statement });
  }
  const names = new Set(found.map(({ name }) => name));
  /** @param {string} kind */
  const sectionOf = (kind) =>
    found
      .filter((declaration) => declaration.kind === kind)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((declaration) => entryOf(declaration, types, docAt, names));
  const parts = [HEAD];
  for (const [title, kind] of [
    ["Functions", "function"],
    ["Classes", "class"],
    ["Types", "type"],
  ]) {
    parts.push(`## ${title}\n`, ...sectionOf(/** @type {string} */ (kind)));
  }
  return `${parts.join("\n").trimEnd()}\n`;
}

/**
 * @param {Declaration} declaration @param {string} types @param {(start: number) => string} docAt
 * @param {ReadonlySet<string>} names
 */
function entryOf({ name, kind, doc, text, node }, types, docAt, names) {
  const lines = [`### ${name}\n`];
  const members = node.body?.body;
  if (kind === "function" || members === undefined) lines.push(`\`\`\`ts\n${text.replace(/^declare /, "")}\n\`\`\`\n`);
  if (doc !== "") lines.push(`${asMarkdown(doc, names)}\n`);
  const bases = [...(node.extends ?? []), ...(node.superClass ? [{ expression: node.superClass }] : [])];
  if (bases.length > 0) {
    const shown = bases.map(({ expression }) => linkTo(types.slice(expression.start, expression.end), names));
    lines.push(`Has all of ${shown.join(" and ")} too.\n`);
  }
  for (const member of members ?? []) {
    if (member.accessibility === "private") continue;
    const said = asMarkdown(docAt(member.start), names).replace(/\n/g, "\n  ");
    const shown = types
      .slice(member.start, member.end)
      .replace(/;$/, "")
      .replace(/\s+/g, " ")
      .replace(/^readonly /, "");
    lines.push(`* \`${shown.replace(/^(\w+\?: .*) \| undefined$/, "$1")}\`${said === "" ? "" : `  \n  ${said}`}`);
  }
  if ((members ?? []).length > 0) lines.push("");
  return lines.join("\n");
}

/** A comment's text. @param {string} doc @param {ReadonlySet<string>} names */
function asMarkdown(doc, names) {
  const linked = doc.replace(/\{@link ([\w.]+)\}/g, (_, to) => linkTo(to, names));
  const [about = "", ...tags] = linked.split(/^@/m);
  const said = tags.map((tag) => {
    const text = tag.trim();
    const [, param, rest] = /^param (\S+) ([\s\S]*)$/.exec(text) ?? [];
    if (param !== undefined) return `* \`${param}\`: ${rest}`;
    return `* ${text.replace(/^throws/, "throws").replace(/^returns/, "gives")}`;
  });
  return [about.trim(), said.join("\n")].filter((part) => part !== "").join("\n\n");
}

/** @param {string} text a name, with a member or not @param {ReadonlySet<string>} names */
function linkTo(text, names) {
  const [name = ""] = text.split(".");
  return names.has(name) ? `[\`${text}\`](#${name.toLowerCase()})` : `\`${text}\``;
}
