/** What `ts-mksquashfs` prints in place of a build: `-help` and its relatives, as mksquashfs 4.7 has them. */
import { totalmem } from "node:os";
import { didYouMean } from "../../core/options/suggest.ts";
import { compileEre } from "../../stage/text/ere.ts";
import { COMPRESSOR_NAMES } from "../shared/compressor-help.ts";
import { checkCompressorName } from "../shared/compressor-words.ts";
import { UsageError } from "../shared/getopt.ts";
import { formatHelp, formatOptions, formatSections, formatSummary } from "../shared/manual/help.ts";
import { optionsOf } from "../shared/manual/manual.ts";
import type { Option } from "../shared/option.ts";
import { limitBacktracking, type PageText, type ProgramCommand } from "../shared/program.ts";
import type { Line } from "./grammar.ts";
import { MANUAL } from "./manual.ts";
import type { Settings } from "./settings.ts";
import { compressorRows } from "./table-compressors.ts";
import { COLUMNS } from "./table-run.ts";

/**
 * What the first option of a line that asks for something is answered with; undefined where there is none. No other
 * option is looked at.
 *
 * @throws UsageError for an argument that is missing, or that names nothing
 */
export function findQuestion(line: Line<Settings>): ProgramCommand | undefined {
  const found = line.words.find(({ option }) => option?.asks !== undefined);
  if (found === undefined) return undefined;
  const { option, name, value } = found;
  if (option?.asks === "version") return { action: "version" };
  if (option?.argument === "required" && value === undefined) throw new UsageError(`${name}: needs an argument`);
  const text = answer(option!.asks!, { name, value: value ?? "", line });
  const width = line.words.findLast((word) => word.name === "-cols")?.value;
  const columns = width === undefined ? undefined : COLUMNS.parse("-cols", width);
  if (columns === undefined) return { action: "print", text };
  return { action: "print", text: () => text(columns === 0 ? Number.POSITIVE_INFINITY : columns) };
}

function answer(asks: string, { name, value, line }: { name: string; value: string; line: Line<Settings> }): PageText {
  switch (asks) {
    case "option":
      return answerOption(name, value);
    case "section":
      return answerSection(name, value);
    case "compressor":
      return answerCompressor(name, value);
    case "selected":
      return answerCompressor("-comp", line.words.findLast((word) => word.name === "-comp")?.value ?? "gzip");
    case "memory":
      return () => `${Math.floor(totalmem() / 4 / 2 ** 20)}\n`;
    case "summary":
      return (columns) => formatSummary(MANUAL, MORE, columns);
    default:
      return (columns) => formatHelp(MANUAL, columns);
  }
}

/** Stands behind the summary. */
const MORE: readonly string[] = [
  "-help-option REGEX prints the options that match REGEX, -help-section NAME a section of these, -help-all everything.",
];

function answerOption(name: string, pattern: string): PageText {
  const matches = compile(name, pattern);
  const options = optionsOf(MANUAL);
  const named = options.filter((option) => namesOf(option).some(matches));
  const isThere = ({ isRefused }: Option<Settings>) => !isRefused;
  const found = named.some(isThere) ? named : options.filter((option) => isThere(option) && matches(option.help));
  if (found.length > 0) return (columns) => formatOptions(found, columns);
  const missing = named.flatMap(({ names }) => names).join(", ");
  const which = missing === "" ? "no option" : `only what is not there: ${missing}`;
  throw new UsageError(`${name}: "${pattern}" matches ${which}`);
}

/** What an expression is matched with: the names of an option, and what stands for its value. */
function namesOf({ names, value }: Option<Settings>): readonly string[] {
  return value === undefined ? names : [...names, value.placeholder];
}

function answerSection(name: string, wanted: string): PageText {
  const { sections } = MANUAL;
  const names = { id: "list", title: "Sections", entries: sections.map(({ id, title }) => [id, title] as const) };
  if (wanted === "list") return (columns) => formatSections([names], columns);
  const exact = sections.filter(({ id }) => id === wanted);
  const matches = compile(name, wanted);
  const found = exact.length > 0 ? exact : sections.filter(({ id }) => matches(id));
  if (found.length > 0) return (columns) => formatSections(found, columns);
  // mksquashfs prints the names and is content
  const hint = didYouMean(
    wanted,
    sections.map(({ id }) => id),
  );
  const title = `"${wanted}" matches none of the sections`;
  return (columns) => formatSections([{ ...names, title, ...(hint && { intro: [hint] }) }], columns);
}

function answerCompressor(name: string, wanted: string): PageText {
  if (wanted === "list") return () => COMPRESSOR_NAMES.map((compressor) => `${compressor}\n`).join("");
  if (wanted !== "all") checkCompressorName(name, wanted);
  const names = wanted === "all" ? COMPRESSOR_NAMES : [wanted];
  const sections = names.map((id) => {
    const options = compressorRows([id]);
    return { id, title: `Options of ${id}`, options, intro: options.length === 0 ? ["it has none"] : [] };
  });
  return (columns) => formatSections(sections, columns);
}

/** Throws UsageError for what is no expression. */
function compile(name: string, pattern: string): (text: string) => boolean {
  limitBacktracking();
  try {
    return compileEre(pattern);
  } catch (error) {
    throw new UsageError(`${name}: ${(error as Error).message}`);
  }
}
