/** One entry of an image as it is printed: a line, or an object of JSON. */
import { bytesFromLatin1, showBytes, toHex } from "../../../core/bytes.ts";
import { kindOfMode } from "../../../core/mode.ts";
import type { ImageReader } from "../../../inspect/reader.ts";
import type { WalkedEntry } from "../../../inspect/walk.ts";
import { showMode, showName, showTime } from "./show.ts";

/** All that is known of it, as JSON has it. */
export async function describeEntry(reader: ImageReader, { path, id, inode }: WalkedEntry) {
  const kind = kindOfMode(inode.mode) ?? "unknown";
  const { uid, gid, nlink, size, mtime: sec, mtimeNsec: nsec } = inode;
  const xattrs = await reader.xattrs(inode);
  return {
    path: showBytes(bytesFromLatin1(path)),
    kind,
    mode: inode.mode & 0o7777,
    ...{ uid, gid, nlink, size, id },
    mtime: { sec, nsec },
    ...(kind === "symlink" && { target: showBytes(await reader.target(inode)) }),
    ...((kind === "char" || kind === "block") && reader.device(inode)),
    ...(xattrs.length > 0 && {
      xattrs: Object.fromEntries(xattrs.map(({ name, value }) => [showBytes(name), toHex(value)])),
    }),
  };
}

/** The same in a line, as `ls -l` has it; owners and times are numbers that every machine shows alike. */
export async function longLine(reader: ImageReader, { path, inode }: WalkedEntry): Promise<string> {
  const kind = kindOfMode(inode.mode);
  const device = kind === "char" || kind === "block" ? reader.device(inode) : undefined;
  const size = device === undefined ? `${inode.size}` : `${device.major}, ${device.minor}`;
  const target = kind === "symlink" ? ` -> ${showName(showBytes(await reader.target(inode)))}` : "";
  const mark = (await reader.hasXattrs(inode)) ? "+" : " ";
  const owners = `${inode.uid}/${inode.gid}`.padEnd(11);
  const name = showName(showBytes(bytesFromLatin1(path)));
  const head = `${showMode(inode.mode)}${mark} ${String(inode.nlink).padStart(3)} ${owners} ${size.padStart(10)}`;
  return `${head} ${showTime(inode)} ${name}${target}\n`;
}
