/** `ts-imagefs info`: what the superblock says. */
import { type ImageInfo, readInfo } from "../../../inspect/info.ts";
import { formatName } from "../../shared/value.ts";
import type { Look } from "../settings.ts";
import { withImage } from "./open.ts";
import { showName } from "./show.ts";

/** Prints it, a fact a line. */
export const info: Look = ({ settings, operands: [path = ""] }, { out, signal, version }) =>
  withImage(path, settings, signal, async (image) => {
    const facts = await readInfo(image);
    if (settings.json) await out.write(`${JSON.stringify({ version, image: path, ...facts }, undefined, 2)}\n`);
    else await out.write(linesOf(facts));
    return 0;
  });

function linesOf(facts: ImageInfo): string {
  const { uuid, label = "", devices = [], minimumKernel } = facts;
  const lines: [string, string][] = [
    ["Format", formatName(facts.format)],
    ["Size", `${facts.bytes} bytes${facts.fileBytes === facts.bytes ? "" : `, in ${facts.fileBytes}`}`],
    ["Block size", `${facts.blockSize}`],
    ["Inodes", `${facts.inodes}`],
    ["Time", showTime(facts.time)],
    ...(uuid === undefined ? [] : [["UUID", uuid] as [string, string]]),
    ...(label === "" ? [] : [["Label", showName(label)] as [string, string]]),
    ...devices.map(({ bytes, tag }, index): [string, string] => [
      `Device ${index + 1}`,
      `${bytes} bytes${tag === "" ? "" : `, ${showName(tag)}`}`,
    ]),
    ["Features", facts.features.join(" ") || "none"],
    ["Compression", facts.algorithms.join(" ") || "none"],
    ["Needs", minimumKernel === "" ? "another reader than Linux" : `Linux ${minimumKernel}`],
  ];
  return lines.map(([what, value]) => `${`${what}:`.padEnd(14)}${value}\n`).join("");
}

/** Seconds, and what they are. */
function showTime(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? `${seconds}` : `${seconds} (${date.toISOString().slice(0, 19)}Z)`;
}
