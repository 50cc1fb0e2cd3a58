/// <reference lib="dom" />
/** What the page does. */
import type { PageData } from "./page-data.ts";
import type { Rectangle, squarify as Squarify } from "./squarify.ts";

/**
 * Draws the figures, and follows clicks and keys. Long because the page has the text of this function: nothing of its module can
 * be used in it.
 */
export function showUsage({ bytes: all, kinds, nodes }: PageData, squarify: typeof Squarify): void {
  /** Boxes that would be smaller are not drawn; smaller ones have no name, or nothing in them. */
  const [LEAST_BOX, LEAST_NAME, LEAST_INSIDE, LEAST_SIZE] = [3, [36, 18], [56, 44], 72] as const;
  const [HEAD, BORDER] = [18, 2] as const;
  const MOST_ROWS = 500;
  const HUES = [220, 265, 200, 180, 300, 240, 130, 95, 60, 0, 20] as const;

  const total = (node: number) => nodes.data[node]! + nodes.metadata[node]! + nodes.unused[node]!;
  const children: number[][] = nodes.names.map(() => []);
  for (let node = 1; node < children.length; node++) children[nodes.parents[node]!]!.push(node);
  for (const list of children) list.sort((a, b) => total(b) - total(a) || a - b);

  const COLUMNS = [
    { title: "Path", value: (node: number) => pathFrom(node, current) },
    { title: "Size", value: total, show: showSize },
    { title: "Share", value: total, show: (bytes: number) => showShare(bytes) },
    { title: "Data", value: (node: number) => nodes.data[node]!, show: showSize },
    { title: "Metadata", value: (node: number) => nodes.metadata[node]!, show: showSize },
    { title: "Unused", value: (node: number) => nodes.unused[node]!, show: showSize },
    { title: "Saved", value: (node: number) => nodes.saved[node]!, show: showSize },
    {
      title: "Entries",
      value: (node: number) => nodes.entries[node]!,
      show: (entries: number) => entries.toLocaleString("en"),
    },
  ];
  let current = 0;
  let sortedBy = 1;
  let isDown = true;

  const byId = (id: string) => document.getElementById(id)!;
  const [map, told, search] = [byId("map"), byId("told"), byId("search") as HTMLInputElement];

  function element(tag: string, text = "", attributes: Record<string, string> = {}): HTMLElement {
    const made = document.createElement(tag);
    if (text !== "") made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function showSize(bytes: number): string {
    if (bytes < 1024) return `${bytes} B`;
    let [value, unit] = [bytes / 1024, 0];
    for (; value >= 1023.95 && unit < 4; unit++) value /= 1024;
    return `${value.toFixed(value < 9.95 ? 2 : 1)} ${["KiB", "MiB", "GiB", "TiB", "PiB"][unit]}`;
  }

  function showShare(bytes: number): string {
    return `${all === 0 ? 0 : ((bytes / all) * 100).toFixed(2)} %`;
  }

  /** What a box has room for: of a store path what it is called, without its hash. */
  function shortName(node: number): string {
    return nodes.names[node]!.replace(/^[0-9a-df-np-sv-z]{32}-(?=.)/, "");
  }

  /** The way to a node from one above it, without that. */
  function wayTo(node: number, from: number): number[] {
    const way: number[] = [];
    for (let at = node; at !== from && at > 0; at = nodes.parents[at]!) way.unshift(at);
    return way;
  }

  function pathFrom(node: number, from: number): string {
    return wayTo(node, from)
      .map((at) => nodes.names[at])
      .join("/");
  }

  function describe(node: number): string {
    const saved = nodes.saved[node]! > 0 ? `, ${showSize(nodes.saved[node]!)} saved by sharing` : "";
    const entries = nodes.entries[node]! > 1 ? `, ${nodes.entries[node]} entries` : "";
    return `${pathFrom(node, 0) || "/"}: ${showSize(total(node))}, ${showShare(total(node))}${entries}${saved}`;
  }

  function drawKinds(): void {
    for (const [index, [kind, bytes]] of Object.entries(kinds).entries()) {
      if (bytes === 0) continue;
      const colour = kind === "padding" ? "#9a9aa4" : `hsl(${HUES[index]} 55% 52%)`;
      const bar = element("span", "", {
        title: `${kind}: ${showSize(bytes)}`,
        style: `flex:${bytes};background:${colour}`,
      });
      byId("kinds").append(bar);
      const item = element("li");
      item.append(
        element("i", "", { style: `background:${colour}` }),
        `${kind} ${showSize(bytes)}, ${showShare(bytes)}`,
      );
      byId("legend").append(item);
    }
  }

  function drawCrumbs(): void {
    const crumbs = byId("crumbs");
    crumbs.replaceChildren();
    for (const node of [0, ...wayTo(current, 0)]) {
      if (node > 0 && nodes.parents[node] !== 0) crumbs.append(element("span", "/", { class: "slash" }));
      const crumb = element("button", nodes.names[node], { type: "button" });
      if (node === current) crumb.setAttribute("aria-current", "location");
      else crumb.addEventListener("click", () => zoom(node));
      crumbs.append(crumb);
    }
  }

  /** Draws what is in a directory, the largest first; what the directory costs itself stays free. */
  function drawInside(node: number, area: Rectangle, deep: number, hue: number): void {
    const list = children[node]!;
    const own = total(node) - list.reduce((sum, child) => sum + total(child), 0);
    const sizes = list.map(total);
    const ownAt = sizes.findIndex((size) => size < own);
    sizes.splice(ownAt < 0 ? sizes.length : ownAt, 0, own);
    const areas = squarify(sizes, area);
    areas.splice(ownAt < 0 ? sizes.length - 1 : ownAt, 1);
    for (const [index, child] of list.entries()) {
      const { x, y, width, height } = areas[index]!;
      if (width < LEAST_BOX || height < LEAST_BOX) continue;
      const inner = { x, y, width: width - 1, height: height - 1 };
      drawBox(child, inner, deep, deep === 0 ? (child * 137.5) % 360 : hue);
    }
  }

  function drawBox(node: number, { x, y, width, height }: Rectangle, deep: number, hue: number): void {
    const isInside = children[node]!.length > 0;
    const box = element(deep === 0 ? "button" : "div", "", {
      class: `box${isInside ? " dir" : ""}${nodes.isPath[node] ? "" : " rest"}`,
      style: `left:${x}px;top:${y}px;width:${width}px;height:${height}px;--hue:${hue};--deep:${deep * (deep % 2 === 0 ? 1 : 3)}`,
      "data-node": `${node}`,
    });
    if (deep === 0) box.setAttribute("aria-label", describe(node));
    if (width >= LEAST_NAME[0] && height >= LEAST_NAME[1]) box.append(element("span", shortName(node)));
    map.append(box);
    if (isInside && width >= LEAST_INSIDE[0] && height >= LEAST_INSIDE[1]) {
      const inner = { x: x + BORDER, y: y + HEAD, width: width - 2 * BORDER, height: height - HEAD - BORDER };
      drawInside(node, inner, deep + 1, hue);
    } else if (width >= LEAST_SIZE && height >= 2 * LEAST_NAME[1]) {
      box.append(element("span", showSize(total(node)), { class: "size" }));
    }
  }

  function drawMap(): void {
    map.replaceChildren();
    drawInside(current, { x: 0, y: 0, width: map.clientWidth, height: map.clientHeight }, 0, 0);
    told.textContent = describe(current);
  }

  /** What stands in the table: what is in the directory, or all below it whose paths have a text. */
  function rowsOf(): number[] {
    const wanted = search.value.trim().toLowerCase();
    if (wanted === "") return children[current]!.slice();
    const found: number[] = [];
    const open = children[current]!.slice();
    for (let node = open.pop(); node !== undefined; node = open.pop()) {
      if (pathFrom(node, current).toLowerCase().includes(wanted)) found.push(node);
      for (const child of children[node]!) open.push(child);
    }
    return found;
  }

  function drawTable(): void {
    const titles = byId("titles");
    titles.replaceChildren();
    for (const [index, { title }] of COLUMNS.entries()) {
      const mark = index === sortedBy ? (isDown ? " ▾" : " ▴") : "";
      const cell = element("th", "", { scope: "col" });
      if (index === sortedBy) cell.setAttribute("aria-sort", isDown ? "descending" : "ascending");
      const button = element("button", `${title}${mark}`, { type: "button" });
      button.addEventListener("click", () => {
        isDown = index === sortedBy ? !isDown : index > 0;
        sortedBy = index;
        drawTable();
      });
      cell.append(button);
      titles.append(cell);
    }
    const { value } = COLUMNS[sortedBy]!;
    const rows = rowsOf()
      .map((node) => ({ node, key: value(node) }))
      .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0) * (isDown ? -1 : 1) || a.node - b.node);
    const shown = Math.min(rows.length, MOST_ROWS);
    byId("count").textContent = shown < rows.length ? `the first ${shown} of ${rows.length} rows` : `${shown} rows`;
    byId("rows").replaceChildren(...rows.slice(0, MOST_ROWS).map(({ node }) => drawRow(node)));
  }

  function drawRow(node: number): HTMLElement {
    const row = element("tr");
    for (const [index, { value, show }] of COLUMNS.entries()) {
      const found = value(node);
      const cell = element("td");
      if (index === 0 && children[node]!.length > 0) {
        const button = element("button", `${found}/`, { type: "button" });
        button.addEventListener("click", () => zoom(node));
        cell.append(button);
      } else cell.textContent = show === undefined ? `${found}` : show(found as number);
      if (index > 0 && index < COLUMNS.length - 1) cell.title = `${(found as number).toLocaleString("en")} bytes`;
      row.append(cell);
    }
    return row;
  }

  function draw(): void {
    drawCrumbs();
    drawMap();
    drawTable();
  }

  /** Goes to a directory; the address keeps where one is. */
  function zoom(node: number): void {
    const hash = wayTo(node, 0)
      .map((at) => encodeURIComponent(nodes.names[at]!))
      .join("/");
    if (`#${hash}` === location.hash || (hash === "" && location.hash === "")) return;
    location.hash = hash;
  }

  /** The directory that the address tells, or as much of the way to it as there is. */
  function fromHash(): number {
    let node = 0;
    for (const word of location.hash.slice(1).split("/").filter(Boolean)) {
      let name = word;
      try {
        name = decodeURIComponent(word);
      } catch {
        // it stands for itself
      }
      const next = children[node]!.find((child) => nodes.names[child] === name && children[child]!.length > 0);
      if (next === undefined) break;
      node = next;
    }
    return node;
  }

  function nodeOf(target: EventTarget | null): number | undefined {
    const box = (target as Element | null)?.closest(".box") as HTMLElement | null | undefined;
    return box ? Number(box.dataset.node) : undefined;
  }

  /** The directory that a box stands for, or that what it stands for is in. */
  function directoryOf(node: number): number {
    return children[node]!.length > 0 ? node : nodes.parents[node]!;
  }

  /** The nearest box in a direction. */
  function neighbour(from: HTMLElement, right: number, down: number): HTMLElement | undefined {
    const middle = (box: HTMLElement) =>
      [box.offsetLeft + box.offsetWidth / 2, box.offsetTop + box.offsetHeight / 2] as const;
    const [x, y] = middle(from);
    let [best, nearest]: [HTMLElement | undefined, number] = [undefined, Number.POSITIVE_INFINITY];
    for (const box of map.querySelectorAll<HTMLElement>("button.box")) {
      const [toX, toY] = middle(box);
      const ahead = (toX - x) * right + (toY - y) * down;
      const aside = Math.abs((toX - x) * down) + Math.abs((toY - y) * right);
      if (ahead <= 0 || ahead + 2 * aside >= nearest) continue;
      [best, nearest] = [box, ahead + 2 * aside];
    }
    return best;
  }

  let byKey = false;
  map.addEventListener("click", (event) => {
    const node = nodeOf(event.target);
    if (node === undefined) return;
    byKey = event.detail === 0;
    zoom(directoryOf(node));
  });
  for (const type of ["mouseover", "focusin"]) {
    map.addEventListener(type, (event) => {
      told.textContent = describe(nodeOf(event.target) ?? current);
    });
  }
  map.addEventListener("mouseleave", () => {
    told.textContent = describe(current);
  });
  document.addEventListener("keydown", (event) => {
    if (event.target === search) {
      if (event.key === "Escape") search.value = "";
      return;
    }
    if (event.key === "Escape" || event.key === "Backspace") {
      byKey = true;
      zoom(Math.max(nodes.parents[current]!, 0));
      event.preventDefault();
      return;
    }
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    const focused = document.activeElement;
    if (step === undefined || !(focused instanceof HTMLElement) || !map.contains(focused)) return;
    neighbour(focused, step[0]!, step[1]!)?.focus();
    event.preventDefault();
  });
  search.addEventListener("input", drawTable);
  addEventListener("resize", drawMap);
  addEventListener("hashchange", () => {
    current = fromHash();
    search.value = "";
    draw();
    if (byKey) map.querySelector<HTMLElement>("button.box")?.focus();
    byKey = false;
  });

  current = fromHash();
  drawKinds();
  draw();
}
