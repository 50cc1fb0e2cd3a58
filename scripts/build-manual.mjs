// Writes dist/man/*.1 from what --help is made of: the tables of options.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MANUAL as GENSQUASHFS } from "../dist/cli/gensquashfs/manual.js";
import { MANUAL as IMAGEFS } from "../dist/cli/imagefs/manual.js";
import { MANUAL as MKEROFS } from "../dist/cli/mkerofs/manual.js";
import { MANUAL as MKSQUASHFS } from "../dist/cli/mksquashfs/manual.js";
import { explain, labelOf, wordLabel } from "../dist/cli/shared/manual/help.js";

/**
 * @typedef {import("../src/cli/shared/manual/manual.ts").Manual<any>} Manual
 */

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

mkdirSync(`${dist}/man`, { recursive: true });
for (const manual of [MKEROFS, MKSQUASHFS, GENSQUASHFS, IMAGEFS].map(
  (each) => /** @type {Manual} */ (/** @type {unknown} */ (each)),
)) {
  writeFileSync(`${dist}/man/${manual.name}.1`, manPage(manual));
}

/** @param {string} text */
function roff(text) {
  return text
    .replaceAll("\\", "\\e")
    .replaceAll("-", "\\-")
    .replace(/^(?=[.'])/gm, "\\&");
}

/** @param {Manual} manual */
function manPage({ name, usage, about, examples, operands, sections }) {
  const lines = [`.TH ${roff(name.toUpperCase())} 1 "" "${roff(`ts-mkerofs ${version}`)}"`];
  /** @param {string} title */
  const section = (title) => lines.push(`.SH ${roff(title.toUpperCase())}`);
  /** @param {string} term @param {string} meaning */
  const item = (term, meaning) => lines.push(".TP", `.B ${roff(term)}`, roff(meaning));
  section("Name");
  lines.push(`${roff(name)} \\- ${roff(about[0]?.split(". ")[0] ?? "")}`);
  section("Synopsis");
  for (const form of usage) lines.push(`.B ${roff(name)}`, roff(form), ".br");
  section("Description");
  for (const text of about) lines.push(".PP", roff(text));
  for (const { name, help } of operands) item(name, help);
  for (const { title, intro = [], options = [], entries = [] } of sections) {
    section(title);
    for (const text of intro) lines.push(".PP", roff(text));
    for (const option of options.filter((each) => !each.isRefused)) {
      item(labelOf(option), explain(option, true));
      const words = option.words.filter((word) => !word.isRefused);
      if (words.length === 0) continue;
      lines.push(".RS");
      for (const word of words) item(wordLabel(word), explain(word, true));
      lines.push(".RE");
    }
    for (const [word, meaning] of entries) item(word, meaning);
  }
  section("Examples");
  for (const { line, note } of examples) lines.push(".PP", roff(note), ".PP", ".RS", ".nf", roff(line), ".fi", ".RE");
  return `${lines.join("\n")}\n`;
}
