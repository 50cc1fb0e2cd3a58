// Writes dist/man/*.1 and dist/completions/*, for bash, zsh and fish, from what --help is made of: the tables of options.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { MANUAL as GENSQUASHFS } from "../dist/cli/gensquashfs/manual.js";
import { MANUAL as IMAGEFS } from "../dist/cli/imagefs/manual.js";
import { OPTIONS as LOOKS } from "../dist/cli/imagefs/table.js";
import { MANUAL as MKEROFS } from "../dist/cli/mkerofs/manual.js";
import { MANUAL as MKSQUASHFS } from "../dist/cli/mksquashfs/manual.js";
import { explain, labelOf, wordLabel } from "../dist/cli/shared/manual/help.js";
import { optionsOf } from "../dist/cli/shared/manual/manual.js";

/**
 * @typedef {import("../src/cli/shared/manual/manual.ts").Manual<any>} Manual
 * @typedef {import("../src/cli/shared/option.ts").Option<any>} Option
 */

const dist = fileURLToPath(new URL("../dist", import.meta.url));
const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8"));

mkdirSync(`${dist}/man`, { recursive: true });
mkdirSync(`${dist}/completions`, { recursive: true });
for (const manual of [MKEROFS, MKSQUASHFS, GENSQUASHFS, IMAGEFS].map(
  (each) => /** @type {Manual} */ (/** @type {unknown} */ (each)),
)) {
  const { name } = manual;
  writeFileSync(`${dist}/man/${name}.1`, manPage(manual));
  // by these names each shell finds them in its folder
  writeFileSync(`${dist}/completions/${name}`, forBash(manual));
  writeFileSync(`${dist}/completions/_${name}`, forZsh(manual));
  writeFileSync(`${dist}/completions/${name}.fish`, forFish(manual));
}

/** Options that there are, each once: several commands of one program may have the same. @param {Manual} manual */
function ownOptions(manual) {
  /** @type {Map<string, Option>} */
  const found = new Map();
  for (const option of optionsOf(manual)) {
    if (!option.isRefused && !found.has(option.names.join(" "))) found.set(option.names.join(" "), option);
  }
  return [...found.values()];
}

/** Words that an argument may begin with. @param {Option} option */
function choicesOf({ value, words }) {
  return words.length > 0
    ? words.filter((word) => !word.isRefused).flatMap(({ names }) => names)
    : [...(value?.choices ?? [])];
}

/** What its first operand may be. @param {Manual} manual */
function firstWords({ name }) {
  return name === IMAGEFS.name ? Object.keys(LOOKS) : [];
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

/** A function of a shell. @param {string} name */
function functionOf(name) {
  return `_${name.replaceAll("-", "_")}`;
}
/** A word of a shell. @param {string} text */
function quote(text) {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

/** @param {Manual} manual */
function forBash(manual) {
  const { name } = manual;
  const options = ownOptions(manual);
  const cases = options.filter((option) => option.argument !== "none" && choicesOf(option).length > 0);
  const all = options.flatMap(({ names }) => names);
  return `# bash completion of ${name}
${functionOf(name)}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=
  # of --option=value, = is a word of its own
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $prev in
${cases.map((option) => `    ${option.names.join(" | ")}) words=${quote(choicesOf(option).join(" "))} ;;`).join("\n")}
    *)
      [[ $cur == -* ]] && words=${quote(all.join(" "))}
      ${firstWords(manual).length > 0 ? `((COMP_CWORD == 1)) && words+=${quote(` ${firstWords(manual).join(" ")}`)}` : ":"}
      ;;
  esac
  # without words bash offers files
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F ${functionOf(name)} ${name}
`;
}

/** @param {Manual} manual */
function forZsh(manual) {
  const { name } = manual;
  /** @param {string} text */
  const plain = (text) => text.replace(/[[\]:\\]/g, "\\$&");
  /** @param {Option} option */
  const action = (option) => {
    const choices = choicesOf(option);
    if (choices.length > 0) return `(${choices.join(" ")})`;
    switch (option.value?.kind) {
      case "file":
        return "_files";
      case "directory":
        return "_files -/";
      case "user":
        return "_users";
      case "group":
        return "_groups";
      default:
        return "";
    }
  };
  const lines = ownOptions(manual).flatMap((option) =>
    option.names.map((typed) => {
      if (option.argument === "none") return quote(`*${typed}[${plain(option.help)}]`);
      const isLong = typed.startsWith("--");
      const [sign, colons] = option.argument === "optional" ? [isLong ? "=-" : "-", "::"] : [isLong ? "=" : "+", ":"];
      const what = plain(option.value?.placeholder ?? "").replaceAll(" ", "_");
      return quote(`*${typed}${sign}[${plain(option.help)}]${colons}${what}:${action(option)}`);
    }),
  );
  const first = firstWords(manual);
  const operands = [...(first.length > 0 ? [quote(`1:command:(${first.join(" ")})`)] : []), quote("*:file:_files")];
  return `#compdef ${name}\n_arguments ${[...lines, ...operands].map((line) => `\\\n  ${line}`).join(" ")}\n`;
}

/** @param {Manual} manual */
function forFish(manual) {
  const { name } = manual;
  /** @param {string} text */
  const word = (text) => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const lines = ownOptions(manual).map((option) => {
    const names = option.names.map((typed) => {
      if (typed.startsWith("--")) return `-l ${typed.slice(2)}`;
      return typed.length === 2 ? `-s ${typed.slice(1)}` : `-o ${typed.slice(1)}`;
    });
    const choices = choicesOf(option);
    const isFile = option.value?.kind === "file" || option.value?.kind === "directory";
    const takes = option.argument !== "required" ? "" : isFile ? " -r -F" : " -x";
    const offered = choices.length > 0 ? ` -a ${word(choices.join(" "))}` : "";
    return `complete -c ${name} ${names.join(" ")}${takes}${offered} -d ${word(option.help)}`;
  });
  const first = firstWords(manual);
  if (first.length > 0) lines.push(`complete -c ${name} -n __fish_is_first_token -a ${word(first.join(" "))}`);
  return `${lines.join("\n")}\n`;
}
