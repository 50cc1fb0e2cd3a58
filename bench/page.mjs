// What has been measured as one page for a browser, which needs nothing but itself: every table of bench/RESULTS*.md, each
// time with a bar from 0 to its median and a line over its range.
//   node bench/page.mjs FILE     makes it of what stands there; `npm run bench -- --html=FILE` measures the first of them
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = fileURLToPath(new URL(".", import.meta.url));
/** The store of 140,000 paths, then each mode against its peer, then the rest. */
const ORDER = [
  "RESULTS.md",
  "RESULTS-small-files.md",
  "RESULTS-overwritten.md",
  "RESULTS-compress.md",
  "RESULTS-squashfs.md",
  "RESULTS-verify.md",
];
/** Heads of columns of times that have a range behind them. */
const TIMES = /(?:^| )(?:s|ms)$/;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , file] = process.argv;
  if (file === undefined) throw new Error("usage: node bench/page.mjs FILE");
  writePage(file);
}

/**
 * Writes it.
 * @param {string} file
 * @param {string} [first] what stands in RESULTS.md, or would
 */
export function writePage(file, first) {
  const others = readdirSync(folder).filter((name) => /^RESULTS.*\.md$/.test(name) && !ORDER.includes(name));
  const pages = [...ORDER, ...others.sort()].map((name) =>
    name === "RESULTS.md" && first !== undefined ? first : readFileSync(`${folder}${name}`, "utf8"),
  );
  writeFileSync(file, asPage(pages.map(asHtml)));
}

/** A page of results. @param {string} markdown */
function asHtml(markdown) {
  const blocks = markdown.trim().split(/\n{2,}/);
  return `<section>\n${blocks.map(asBlock).join("\n")}\n</section>`;
}

/** @param {string} block */
function asBlock(block) {
  const lines = block.split("\n");
  if (block.startsWith("#")) {
    const [, level = "", title = ""] = /^(#+) (.*)/.exec(block) ?? [];
    return `<h${level.length + 1}>${inline(title)}</h${level.length + 1}>`;
  }
  if (lines.every((line) => line.startsWith("|"))) return asTable(lines);
  if (lines[0]?.startsWith("* ")) {
    return `<ul>${block
      .slice(2)
      .split("\n* ")
      .map((item) => `<li>${inline(item)}</li>`)
      .join("")}</ul>`;
  }
  return `<p>${inline(block)}</p>`;
}

/** @param {string[]} lines */
function asTable(lines) {
  const [head = [], , ...rows] = lines.map((line) =>
    line
      .slice(1, -1)
      .split(/(?<!\\)\|/)
      .map((cell) => cell.trim().replaceAll("\\|", "|")),
  );
  const times = head.flatMap((title, column) => (TIMES.test(title) && head[column + 1] === "range" ? [column] : []));
  const most = times.map((column) => Math.max(...rows.flatMap((row) => spanOf(row, column) ?? 0)));
  const titles = head.map((title) => `<th>${inline(title)}</th>`).join("");
  const body = rows.map((row) => {
    const cells = head.map((_, column) => {
      const shown = inline(row[column] ?? "").replace("MISSED", '<span class="missed">missed</span>');
      const span = times.includes(column) ? spanOf(row, column) : undefined;
      if (span === undefined)
        return `<td${/^[\d.,<> =-]+$/.test(row[column] ?? "") ? ' class="number"' : ""}>${shown}</td>`;
      return `<td class="time">${bar(span, most[times.indexOf(column)] ?? 1)}<span>${shown}</span></td>`;
    });
    return `<tr class="${sideOf(row.join(" "))}">${cells.join("")}</tr>`;
  });
  return `<div class="scroll"><table><thead><tr>${titles}</tr></thead><tbody>\n${body.join("\n")}\n</tbody></table></div>`;
}

/** Median, least and most of a time; undefined: it has none. @param {string[]} row @param {number} column */
function spanOf(row, column) {
  const median = Number.parseFloat(row[column] ?? "");
  if (Number.isNaN(median)) return undefined;
  const [, least, most] = /^([\d.]+)-([\d.]+)$/.exec(row[column + 1] ?? "") ?? [];
  return [median, Number(least ?? median), Number(most ?? median)];
}

/** @param {number[]} span @param {number} most */
function bar([median = 0, least = 0, top = 0], most) {
  /** @param {number} value */
  const share = (value) => ((100 * value) / most).toFixed(2);
  return (
    `<i class="bar" style="width:${share(median)}%"></i>` +
    `<i class="range" style="left:${share(least)}%;width:${share(Math.max(top - least, 0))}%"></i>`
  );
}

/** Whose row it is, for its colour. @param {string} text */
function sideOf(text) {
  if (/\bfloor\b/.test(text)) return "floor";
  return /\b(?:ours|ts-\w+|one thread|two threads|--verity)\b/.test(text) ? "ours" : "peer";
}

/** Text with code and links; those to other files are only named. @param {string} text */
function inline(text) {
  return text
    .replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`)
    .replace(/`([^`]+)`/g, "<code>$1</code>")
    .replace(/\[([^\]]+)\]\([^)]+\)/g, "$1");
}

/** @param {string[]} sections */
function asPage(sections) {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>ts-mkerofs: what has been measured</title>
<style>
:root { color-scheme: light dark; --ours: #2f7d4f; --peer: #8a8f98; --floor: #c2a14d; --line: #8884; }
@media (prefers-color-scheme: dark) { :root { --ours: #4fb37a; --peer: #767d89; --floor: #b8973f; } }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
section { margin: 0 0 3rem; border-top: 1px solid var(--line); }
h1 { font-size: 1.7rem; } h2 { font-size: 1.3rem; } h3 { font-size: 1.1rem; }
code { font: .9em ui-monospace, monospace; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .2rem .6rem; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; } .number { text-align: right; } .missed { color: #c0392b; font-weight: 600; }
.time { position: relative; min-width: 14rem; } .time span { position: relative; padding-left: .3rem; }
.bar { position: absolute; left: 0; top: .25rem; bottom: .25rem; background: var(--peer); opacity: .45; border-radius: 2px; }
.ours .bar { background: var(--ours); } .floor .bar { background: var(--floor); }
.range { position: absolute; bottom: .25rem; height: 2px; min-width: 2px; background: currentColor; }
#legend i { display: inline-block; width: 1em; height: .8em; margin: 0 .3em 0 1em; border-radius: 2px; opacity: .6; }
</style>
</head>
<body>
<h1>ts-mkerofs: what has been measured</h1>
<p id="legend"><i style="background:var(--ours)"></i>ours<i style="background:var(--peer)"></i>the C tools and other ways<i
style="background:var(--floor)"></i>the least that Node can do. A bar ends at the median, the line below it goes from the
fastest round to the slowest; shorter is better, and every table has its own scale.</p>
${sections.join("\n")}
</body>
</html>
`;
}
