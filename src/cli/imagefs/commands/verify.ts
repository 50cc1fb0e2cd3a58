/** `ts-imagefs verify`: whether an image holds together, and whether it is what its source is. */
import { verifyPlace } from "../../../build/look/verify.ts";
import type { Finding } from "../../../inspect/verify/finding.ts";
import type { LookContext } from "../../shared/program.ts";
import type { Look, LookLine } from "../settings.ts";
import { openAgainst } from "./against.ts";
import { placeOf, withImage } from "./open.ts";

/** What was found, as far as it is told, and how much in all. */
interface Found {
  readonly findings: readonly Finding[];
  readonly count: number;
}

/** Prints what is wrong, a line each, or else what was read. */
export const verify: Look = async (line, context) => {
  const { settings, operands } = line;
  const [path = ""] = operands;
  const { out, signal, version, complain } = context;
  const { workers, against } = settings;
  // what it is to be compared with is looked at before anything is read
  const source = against === undefined ? undefined : await openAgainst(against);
  const { pieces, bytes, ...own } = await verifyPlace(placeOf(path, settings), { signal, workers });
  const differs = source === undefined ? { findings: [], count: 0 } : await compare(line, source, context);
  const count = own.count + differs.count;
  const findings = [...own.findings, ...differs.findings];
  if (settings.json) {
    const found = { version, image: path, against, count, findings, pieces, bytes };
    await out.write(`${JSON.stringify(found, undefined, 2)}\n`);
  } else {
    for (const finding of findings) await complain(`${path}: ${sayFinding(finding)}`);
    if (count > findings.length) await complain(`${path}: and ${count - findings.length} more`);
    const read = `holds together; ${pieces} pieces of data, ${bytes} bytes, were decoded`;
    if (own.count === 0) await out.write(`${path}: ${read}\n`);
    if (against !== undefined && differs.count === 0) await out.write(`${path}: holds what ${against} does\n`);
  }
  return count === 0 ? 0 : 1;
};

type Against = Awaited<ReturnType<typeof openAgainst>>;

async function compare({ settings, operands }: LookLine, source: Against, { signal }: LookContext): Promise<Found> {
  const [path = ""] = operands;
  const { ignored, workers, storeDir } = settings;
  const isSquashfs = await withImage(path, settings, signal, async ({ format }) => format === "squashfs");
  const { compareAgainst } = await import("../../../build/compare/against.ts");
  return compareAgainst(placeOf(path, settings), isSquashfs, source, { ignored, workers, storeDir, signal });
}

function sayFinding({ path, offset, message }: Finding): string {
  const where = offset === undefined || message.startsWith("damaged image: at") ? "" : `at 0x${offset.toString(16)}: `;
  return `${path === undefined ? "" : `${path}: `}${where}${message}`;
}
