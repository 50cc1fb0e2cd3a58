/** `--help` and its parts, made from a command's manual and table for a page of any width. */

import { IS_DEFAULT, type Option } from "../option.ts";
import { describeValue, formatName } from "../value.ts";
import type { Example, Manual, Section } from "./manual.ts";
import { indentText, layPage, type Page, pairText, wrapText, wrapWords } from "./wrap.ts";

/** Spaces before an option, and before a word of one. */
const INDENT = 2;

/** Everything. `columns` is the width of the page; no line is longer, from 20 on. */
export function formatHelp<S>(manual: Manual<S>, columns: number): string {
  const page = pageFor(manual.sections, columns);
  const operands = manual.operands.flatMap(({ name, help }) => pairText(name, help, INDENT, page));
  const parts = [
    ...formatHead(manual, page),
    ["Operands:", ...operands],
    ...manual.sections.map((section) => sectionLines(withoutRefused(section), page)),
  ];
  return joinParts(parts);
}

/** What it is for, how it is called, and which sections there are to ask for. */
export function formatSummary<S>(manual: Manual<S>, more: readonly string[], columns: number): string {
  const names = manual.sections.map(({ id }) => id);
  const page = layPage(columns, names, INDENT);
  const sections = manual.sections.flatMap(({ id, title }) => pairText(id, title, INDENT, page));
  return joinParts([...formatHead(manual, page), wrapAll(more, page), ["Sections:", ...sections]]);
}

/** Some sections that were asked for: what is refused is shown too. */
export function formatSections<S>(sections: readonly Section<S>[], columns: number): string {
  const page = pageFor(sections, columns);
  return joinParts(sections.map((section) => sectionLines(section, page)));
}

/** Some options that were asked for. */
export function formatOptions<S>(options: readonly Option<S>[], columns: number): string {
  const page = layPage(columns, options.flatMap(labelsOf), INDENT);
  return joinParts([options.flatMap((option) => optionLines(option, page, true))]);
}

function usageLines<S>({ name, usage }: Manual<S>): string[] {
  return usage.map((form, index) => `${index === 0 ? "Usage:" : "      "} ${name} ${form}`);
}

/** For a command line that lacks an operand: how the command is called. */
export function usageHint<S>(manual: Manual<S>): string {
  return usageLines(manual).join("\n");
}

function pageFor<S>(sections: readonly Section<S>[], columns: number): Page {
  const words = sections.flatMap(({ options = [], entries = [] }) => [
    ...options.flatMap(labelsOf),
    ...entries.map(([word]) => word),
  ]);
  return layPage(columns, words, INDENT);
}

function formatHead<S>(manual: Manual<S>, page: Page): string[][] {
  const { about, examples } = manual;
  return [
    usageLines(manual).flatMap((line) => hang(line, "Usage: ".length + 2, page)),
    wrapAll(about, page),
    ["Examples:", ...examples.flatMap((example) => exampleLines(example, page))],
  ];
}

function wrapAll(paragraphs: readonly string[], { width }: Page): string[] {
  return paragraphs.flatMap((paragraph) => wrapText(paragraph, width));
}

/** A line whose continuations stand farther right; what stands before its first word stays. */
function hang(line: string, indent: number, { width }: Page): string[] {
  if (line.length <= width) return [line];
  const [before = ""] = /^ */.exec(line) ?? [];
  const [first = "", ...rest] = wrapText(line, width - Math.max(indent, before.length));
  return [before + first, ...rest.map((more) => " ".repeat(indent) + more)];
}

/** A comment and a command, both as a shell takes them. */
function exampleLines({ line, note }: Example, page: Page): string[] {
  const { width } = page;
  const comment = wrapText(note, width - INDENT - 2).map((text) => `${" ".repeat(INDENT)}# ${text}`);
  // what stands in quotes stays together
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^ '"])+/g) ?? [];
  const parts = wrapWords(words, width - 2 * INDENT - 2);
  const command = parts.map((part, index) => {
    const end = index + 1 < parts.length ? " \\" : "";
    return " ".repeat(index === 0 ? INDENT : 2 * INDENT) + part + end;
  });
  return [...comment, ...command];
}

function sectionLines<S>({ title, intro = [], options = [], entries = [] }: Section<S>, page: Page): string[] {
  if (options.length + intro.length + entries.length === 0) return [];
  // where all are for one format, the title says it
  const isMixed = options.some(({ formats }) => formats === undefined);
  return [
    ...wrapText(`${title}:`, page.width),
    ...intro.flatMap((paragraph) => indentText(paragraph, INDENT, page)),
    ...(intro.length > 0 && options.length + entries.length > 0 ? [""] : []),
    ...options.flatMap((option) => optionLines(option, page, isMixed)),
    ...entries.flatMap(([word, meaning]) => pairText(word, meaning, INDENT, page)),
  ];
}

/** Scripts look into --help for what is supported, so there is nothing else in it. */
function withoutRefused<S>(section: Section<S>): Section<S> {
  const { options = [] } = section;
  return { ...section, options: options.filter(({ isRefused }) => !isRefused) };
}

/** A blank line between parts; none for a part that is empty. */
function joinParts(parts: readonly (readonly string[])[]): string {
  const shown = parts.filter((lines) => lines.length > 0).map((lines) => lines.map((line) => `${line}\n`).join(""));
  return shown.join("\n");
}

/** @param marksFormat where an option is for one format, this is said. */
function optionLines<S>(option: Option<S>, page: Page, marksFormat: boolean): string[] {
  const { words } = option;
  const shown = words.filter(({ isRefused }) => !isRefused);
  return [
    ...pairText(labelOf(option), explain(option, marksFormat), INDENT, page),
    ...shown.flatMap((word) => pairText(wordLabel(word), explain(word, true), 2 * INDENT, page)),
  ];
}

/**
 * What it does, and in brackets what else is known of it.
 *
 * @param marksFormat where it is for one format, this is said
 */
export function explain<S>(option: Option<S>, marksFormat: boolean): string {
  const { help, value, default: normal, needs, formats } = option;
  if (option.isRefused) return `not there: ${help}`;
  const facts = [
    ...(value ? describeValue(value) : []),
    ...(normal === undefined ? [] : [normal === IS_DEFAULT ? "the default" : `default: ${normal}`]),
    ...(needs === undefined ? [] : [`with ${needs} only`]),
    ...(formats === undefined || !marksFormat ? [] : [`${formats.map(formatName).join(" and ")} only`]),
  ];
  return facts.length === 0 ? help : `${help} (${facts.join("; ")})`;
}

function labelsOf<S>(option: Option<S>): string[] {
  // words stand farther right than options
  return [labelOf(option), ...option.words.map((word) => " ".repeat(INDENT) + wordLabel(word))];
}

/** `-b#`, `--chunksize=#`, `-F, --pack-file=FILE`, `-comp NAME`. */
export function labelOf<S>({ names, value, argument }: Option<S>): string {
  const label = names.join(", ");
  if (value === undefined) return label;
  const { placeholder } = value;
  const last = names.at(-1)!;
  if (last.startsWith("--")) return argument === "optional" ? `${label}[=${placeholder}]` : `${label}=${placeholder}`;
  // mkfs.erofs writes what can stand for a value close to a letter: #, X, <0-9>
  return last.length === 2 && /^[#<X]/.test(placeholder) ? `${label}${placeholder}` : `${label} ${placeholder}`;
}

/** The same of a word in the list of an option: `[^]fragments[=#]`. */
export function wordLabel<S>({ names, value, argument, isSwitch }: Option<S>): string {
  const label = `${isSwitch ? "[^]" : ""}${names.join(", ")}`;
  if (value === undefined) return label;
  return argument === "optional" ? `${label}[=${value.placeholder}]` : `${label}=${value.placeholder}`;
}
