/** What completes a command's line in bash, zsh and fish, made of the tables of options. */
import type { Option } from "../option.ts";
import { type Manual, optionsOf, type Shell } from "./manual.ts";

/** A file that a shell reads. */
export function formatCompletion<S>(manual: Manual<S>, shell: Shell): string {
  return { bash: forBash, zsh: forZsh, fish: forFish }[shell](manual);
}

/** Options that there are, each once: several commands of one program may have the same. */
function ownOptions<S>(manual: Manual<S>): Option<S>[] {
  const found = new Map<string, Option<S>>();
  for (const option of optionsOf(manual)) {
    if (!option.isRefused && !found.has(option.names.join(" "))) found.set(option.names.join(" "), option);
  }
  return [...found.values()];
}

/** Words that an argument may begin with. */
function choicesOf<S>({ value, words }: Option<S>): string[] {
  return words.length > 0
    ? words.filter((word) => !word.isRefused).flatMap(({ names }) => names)
    : [...(value?.choices ?? [])];
}

/** What the first operand may be; empty: anything. */
function firstWords<S>({ operands }: Manual<S>): readonly string[] {
  return operands[0]?.choices ?? [];
}

/** A function of a shell. */
function functionOf(name: string): string {
  return `_${name.replaceAll("-", "_")}`;
}

/** A word of bash or zsh. */
function quote(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function forBash<S>(manual: Manual<S>): string {
  const { name } = manual;
  const options = ownOptions(manual);
  const cases = options.filter((option) => option.argument !== "none" && choicesOf(option).length > 0);
  const all = options.flatMap(({ names }) => names);
  const first = firstWords(manual).join(" ");
  return `# bash completion of ${name}
${functionOf(name)}() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD - 1]} words=
  # of --option=value, = is a word of its own
  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=\${COMP_WORDS[COMP_CWORD - 2]}; fi
  case $prev in
${cases.map((option) => `    ${option.names.join(" | ")}) words=${quote(choicesOf(option).join(" "))} ;;`).join("\n")}
    *)
      [[ $cur == -* ]] && words=${quote(all.join(" "))}
      ${first === "" ? ":" : `((COMP_CWORD == 1)) && words+=${quote(` ${first}`)}`}
      ;;
  esac
  # without words bash offers files
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -o default -F ${functionOf(name)} ${name}
`;
}

function forZsh<S>(manual: Manual<S>): string {
  const { name } = manual;
  const plain = (text: string) => text.replace(/[[\]:\\]/g, "\\$&");
  const lines = ownOptions(manual).flatMap((option) =>
    option.names.map((typed) => {
      if (option.argument === "none") return quote(`*${typed}[${plain(option.help)}]`);
      // an argument is the next word, may follow "=", or one letter
      const [joined, only] = typed.startsWith("--") ? ["=", "=-"] : typed.length === 2 ? ["+", "-"] : ["", "-"];
      const [sign, colons] = option.argument === "optional" ? [only, "::"] : [joined, ":"];
      const what = plain(option.value?.placeholder ?? "").replaceAll(" ", "_");
      return quote(`*${typed}${sign}[${plain(option.help)}]${colons}${what}:${zshAction(option)}`);
    }),
  );
  const first = firstWords(manual);
  const operands = [...(first.length > 0 ? [quote(`1:command:(${first.join(" ")})`)] : []), quote("*:file:_files")];
  return `#compdef ${name}\n_arguments ${[...lines, ...operands].map((line) => `\\\n  ${line}`).join(" ")}\n`;
}

/** What zsh offers for an option's argument. */
function zshAction<S>(option: Option<S>): string {
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
}

function forFish<S>(manual: Manual<S>): string {
  const { name } = manual;
  const word = (text: string) => `'${text.replace(/['\\]/g, "\\$&")}'`;
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
