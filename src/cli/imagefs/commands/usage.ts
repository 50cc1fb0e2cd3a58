/** `ts-imagefs usage`: what each path costs, and what bytes are for. */
import { writeStream } from "../../../build/extract/write-stream.ts";
import { encodeUtf8, showBytes } from "../../../core/bytes.ts";
import { USAGE_KINDS, type Usage } from "../../../inspect/usage/ledger.ts";
import { type UsageRow, usageRows } from "../../../inspect/usage/rows.ts";
import { measureUsage } from "../../../inspect/usage/usage.ts";
import { formatName } from "../../shared/value.ts";
import type { Look } from "../settings.ts";
import { usagePage } from "../usage-page/page.ts";
import { JsonList } from "./json-list.ts";
import { withImage } from "./open.ts";
import { showName } from "./show.ts";
import { type Column, tableLines } from "./table-lines.ts";

/** Prints tables, largest first; or JSON; or writes a page. */
export const usage: Look = ({ settings, operands: [path = ""] }, { out, signal, version }) =>
  withImage(path, settings, signal, async (image) => {
    const { html } = settings;
    const isFile = html !== undefined && html !== "-";
    const found = await measureUsage(image);
    if (html !== undefined) {
      const page = usagePage(path, found);
      if (!isFile) await out.write(page);
      else await writeStream(html, [path, ...settings.devices], async (put) => put(encodeUtf8(page)));
      if (!isFile || !settings.json) return 0;
    }
    const rows = usageRows(found, settings.depth);
    if (settings.json) {
      const { format, bytes, ledger } = found;
      const head = { version, image: path, format, bytes, kinds: ledger.kinds, others: { ...ledger.nobody } };
      const list = new JsonList(out, head, "paths");
      for (const row of rows) await list.add({ ...row, path: showBytes(row.path) });
      await list.end();
      return 0;
    }
    await out.write(`${showName(path)}: ${formatName(found.format)}, ${found.bytes} bytes\n\n`);
    const columns = out.isTerminal ? out.columns : Number.POSITIVE_INFINITY;
    for (const line of tableLines(kindColumns(found), kindRows(found), columns)) await out.write(line);
    await out.write("\n");
    for (const line of tableLines(pathColumns(found), pathRows(found, rows), columns)) await out.write(line);
    return 0;
  });

/** Bytes of so many: `12.3 %`. */
function showShare(bytes: number, all: number): string {
  return `${all === 0 ? 0 : ((bytes / all) * 100).toFixed(1)} %`;
}

interface KindRow {
  readonly kind: string;
  readonly bytes: number;
}

function kindColumns({ bytes: all }: Usage): Column<KindRow>[] {
  return [
    { title: "Bytes", show: ({ bytes }) => `${bytes}` },
    { title: "Share", show: ({ bytes }) => showShare(bytes, all) },
    { title: "Kind", show: ({ kind }) => kind },
  ];
}

function kindRows({ ledger }: Usage): KindRow[] {
  const rows = USAGE_KINDS.map((kind) => ({ kind, bytes: ledger.kinds[kind] }));
  return rows.filter(({ bytes }) => bytes > 0).sort((a, b) => b.bytes - a.bytes);
}

interface PathRow extends Omit<UsageRow, "path"> {
  readonly name: string;
}

/** A terminal that is too narrow for all has the first, and the last. */
function pathColumns({ bytes: all }: Usage): Column<PathRow>[] {
  return [
    { title: "Bytes", show: ({ bytes }) => `${bytes}` },
    { title: "Share", show: ({ bytes }) => showShare(bytes, all) },
    { title: "Saved", show: ({ saved }) => `${saved}` },
    { title: "Data", show: ({ data }) => `${data}` },
    { title: "Metadata", show: ({ metadata }) => `${metadata}` },
    { title: "Unused", show: ({ unused }) => `${unused}` },
    { title: "Entries", show: ({ entries }) => `${entries}` },
    { title: "Path", show: ({ name }) => name },
  ];
}

/** With what is nobody's, which is called by what no path can be. */
function pathRows({ ledger }: Usage, rows: readonly UsageRow[]): PathRow[] {
  const shown = rows.map((row): PathRow => ({ ...row, name: showName(showBytes(row.path)) || "/" }));
  const { nobody } = ledger;
  const bytes = nobody.data + nobody.metadata + nobody.unused;
  const at = shown.findIndex((row) => row.bytes < bytes);
  shown.splice(at < 0 ? shown.length : at, 0, { ...nobody, bytes, entries: 0, name: "(no path)" });
  return shown;
}
