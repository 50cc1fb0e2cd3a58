/** A page for browsers that needs nothing but itself: style, script and figures stand in it. */
import { USAGE_KINDS, type Usage } from "../../../inspect/usage/ledger.ts";
import { formatName } from "../../shared/value.ts";
import { showName } from "../commands/show.ts";
import { pageNodes } from "./nodes.ts";
import type { PageData } from "./page-data.ts";
import { showUsage } from "./script.ts";
import { squarify } from "./squarify.ts";
import { STYLE } from "./style.ts";

/** The whole page. @param image what the image is called */
export function usagePage(image: string, usage: Usage): string {
  const { format, bytes, ledger } = usage;
  const kinds = Object.fromEntries(USAGE_KINDS.map((kind) => [kind, ledger.kinds[kind]])) as PageData["kinds"];
  const data: PageData = { bytes, kinds, nodes: pageNodes(usage) };
  const name = escapeHtml(showName(image));
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${name}: what it is used for</title>
<style>${STYLE}</style>
</head>
<body>
<h1>${name}</h1>
<p>${formatName(format)}, ${bytes} bytes</p>
<div id="kinds"></div>
<ul id="legend"></ul>
<h2>Paths</h2>
<nav id="crumbs" aria-label="Path"></nav>
<div id="map"></div>
<p id="told" role="status"></p>
<h2>Table</h2>
<div id="tools"><input id="search" type="search" placeholder="Search below this path" aria-label="Search"><span id="count"></span></div>
<div class="scroll"><table><thead><tr id="titles"></tr></thead><tbody id="rows"></tbody></table></div>
<noscript><p>This page is drawn by its script, which the browser does not run.</p></noscript>
<script type="application/json" id="data">${escapeJson(data)}</script>
<script>(${showUsage})(JSON.parse(document.getElementById("data").textContent), ${squarify});</script>
</body>
</html>
`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** JSON within a page: a name may be the end of a script. */
function escapeJson(value: unknown): string {
  return JSON.stringify(value).replaceAll("<", "\\u003c");
}
