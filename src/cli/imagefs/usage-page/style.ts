/** How the page looks, in light and in dark. */
export const STYLE = `
:root { color-scheme: light dark; --back: #fff; --text: #1a1a1e; --dim: #62626c; --line: #d9d9e0; --soft: #f3f3f6;
  --accent: #2457c5; --edge: #0003; --light: 72%; --box-text: #111; }
@media (prefers-color-scheme: dark) { :root { --back: #16161a; --text: #ececf1; --dim: #a0a0ab; --line: #36363f;
  --soft: #212127; --accent: #8fb1ff; --edge: #0008; --light: 34%; --box-text: #f4f4f7; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 16px 20px 40px; max-width: 1600px; background: var(--back); color: var(--text);
  font: 14px/1.45 system-ui, sans-serif; }
h1 { font-size: 20px; margin: 0; overflow-wrap: anywhere; }
h2 { font-size: 15px; margin: 22px 0 8px; }
p { margin: 2px 0 12px; color: var(--dim); }
button, input { font: inherit; color: inherit; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
#kinds { display: flex; height: 16px; border-radius: 4px; overflow: hidden; background: var(--soft); }
#kinds span { min-width: 1px; }
#legend { display: flex; flex-wrap: wrap; gap: 2px 18px; margin: 8px 0 0; padding: 0; list-style: none; font-size: 13px; }
#legend i { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; }
#crumbs { display: flex; flex-wrap: wrap; align-items: center; gap: 2px; margin-bottom: 6px; min-height: 28px; }
#crumbs button { border: 0; background: none; padding: 2px 5px; border-radius: 4px; color: var(--accent); cursor: pointer;
  overflow-wrap: anywhere; text-align: left; }
#crumbs button:hover { background: var(--soft); }
#crumbs [aria-current] { color: var(--text); font-weight: 600; cursor: default; }
#crumbs .slash { color: var(--dim); }
#map { position: relative; height: min(58vh, 620px); min-height: 300px; background: var(--soft); border-radius: 6px;
  overflow: hidden; }
.box { position: absolute; display: flex; flex-direction: column; justify-content: flex-start; align-items: stretch; border: 0; padding: 0; margin: 0; text-align: left; overflow: hidden; border-radius: 2px;
  box-shadow: inset 0 0 0 1px var(--edge); color: var(--box-text); background: hsl(var(--hue) var(--colour, 45%) calc(var(--light) + var(--deep) * 1%)); }
.box.dir { cursor: zoom-in; }
.box:hover { filter: brightness(1.09); }
.box.rest { --colour: 0%; }
.box span { flex: none; padding: 1px 4px; white-space: nowrap; overflow: hidden; text-overflow: ellipsis; font-size: 12px;
  line-height: 16px; pointer-events: none; }
.box .size { opacity: .75; font-size: 11px; line-height: 13px; }
#told { min-height: 20px; margin: 6px 0 0; font-size: 13px; overflow-wrap: anywhere; }
#tools { display: flex; gap: 12px; align-items: baseline; flex-wrap: wrap; margin-bottom: 6px; }
#search { flex: 0 1 340px; padding: 5px 9px; border: 1px solid var(--line); border-radius: 5px; background: var(--back); }
#count { color: var(--dim); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: 4px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { padding: 0; background: var(--soft); }
th button { width: 100%; border: 0; background: none; padding: 5px 10px; text-align: inherit; font-weight: 600; cursor: pointer; }
th:first-child, td:first-child { text-align: left; width: 99%; white-space: normal; overflow-wrap: anywhere; min-width: 220px; }
td button { border: 0; background: none; padding: 0; color: var(--accent); cursor: pointer; text-align: left;
  overflow-wrap: anywhere; }
td button:hover { text-decoration: underline; }
tbody tr:hover { background: var(--soft); }
`;
