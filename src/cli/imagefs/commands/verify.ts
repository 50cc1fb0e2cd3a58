/** `ts-imagefs verify`: whether an image holds together. */
import { verifyPlace } from "../../../build/look/verify.ts";
import type { Finding } from "../../../inspect/verify/finding.ts";
import type { LookContext } from "../../shared/program.ts";
import type { Look, LookLine } from "../settings.ts";
import { openAgainst } from "./against.ts";
import { placeOf, withImage } from "./open.ts";

/** Prints what is wrong, a line each, and what was read. */
export const verify: Look = async (line, context) => {
  const { settings } = line;
  return settings.against === undefined ? verifyAlone(line, context) : verifyAgainst(line, settings.against, context);
};

async function verifyAgainst({ settings, operands: [path = ""] }: LookLine, against: string, context: LookContext) {
  const { out, signal, version, complain } = context;
  const place = placeOf(path, settings);
  const isSquashfs = await withImage(path, settings, async ({ format }) => format === "squashfs");
  const { compareAgainst } = await import("../../../build/compare/against.ts");
  const source = await openAgainst(against);
  const { ignored, workers } = settings;
  const { findings, count } = await compareAgainst(place, isSquashfs, source, { ignored, workers, signal });
  if (settings.json) {
    await out.write(`${JSON.stringify({ version, image: path, against, count, findings }, undefined, 2)}\n`);
    return count === 0 ? 0 : 1;
  }
  for (const finding of findings) await complain(`${path}: ${sayFinding(finding)}`);
  if (count > findings.length) await complain(`${path}: and ${count - findings.length} more`);
  if (count === 0) await out.write(`${path}: holds what ${against} does\n`);
  return count === 0 ? 0 : 1;
}

const verifyAlone: Look = async ({ settings, operands: [path = ""] }, { out, signal, version, complain }) => {
  const { findings, count, pieces, bytes } = await verifyPlace(placeOf(path, settings), {
    signal,
    workers: settings.workers,
  });
  if (settings.json) {
    await out.write(`${JSON.stringify({ version, image: path, count, findings, pieces, bytes }, undefined, 2)}\n`);
    return count === 0 ? 0 : 1;
  }
  for (const finding of findings) await complain(`${path}: ${sayFinding(finding)}`);
  if (count > findings.length) await complain(`${path}: and ${count - findings.length} more`);
  if (count === 0) await out.write(`${path}: holds together; ${pieces} pieces of data, ${bytes} bytes, were decoded\n`);
  return count === 0 ? 0 : 1;
};

function sayFinding({ path, offset, message }: Finding): string {
  const where = offset === undefined || message.startsWith("damaged image: at") ? "" : `at 0x${offset.toString(16)}: `;
  return `${path === undefined ? "" : `${path}: `}${where}${message}`;
}
