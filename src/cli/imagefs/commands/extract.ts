/** `ts-imagefs extract`: files of what an image holds, or a tar archive. */
import { extractImage } from "../../../build/extract/node-extract.ts";
import { UsageError } from "../../shared/getopt.ts";
import type { LookContext } from "../../shared/program.ts";
import { checkPath } from "../../shared/value.ts";
import type { Look, LookLine } from "../settings.ts";
import { placeOf } from "./open.ts";

/** Makes them; says what could not be made. */
export const extract: Look = async (line, context) => {
  const { settings, operands } = line;
  if (settings.tar !== undefined) return (await import("./extract-tar.ts")).extractTar(line, settings.tar, context);
  const [path = "", to, ...paths] = operands;
  if (to === undefined) throw new UsageError("DIR is missing");
  const { force, workers } = settings;
  const { signal } = context;
  checkPath("DIR", to, "directory");
  const report = await extractImage(placeOf(path, settings), to, { force, workers, signal, paths });
  await tell(line, to, report, context);
  return report.leftOut.length === 0 ? 0 : 1;
};

type Report = Awaited<ReturnType<typeof extractImage>>;

async function tell({ settings, operands: [path = ""] }: LookLine, to: string, report: Report, context: LookContext) {
  const { out, version, complain } = context;
  const { entries, bytes, leftOut } = report;
  if (settings.json) {
    await out.write(`${JSON.stringify({ version, image: path, directory: to, ...report }, undefined, 2)}\n`);
    return;
  }
  for (const line of leftOut) await complain(`left out: ${line}`);
  await out.write(`${entries} entries, ${bytes} bytes\n`);
}
