/**
 * What stands beside a member of a zip archive: time and owner. Extra fields are those of PKWARE's APPNOTE 4.5 and of
 * Info-ZIP's extrafld.txt.
 *
 *     0x5455  flags:u8, mtime:i32                                  seconds since 1970
 *     0x7875  version:u8, uidSize:u8, uid, gidSize:u8, gid
 *     0x000a  reserved:u32, (tag:u16, size:u16, data)...           tag 1: mtime, atime, ctime in 100 ns since 1601
 */

/** Extra fields by their ids. */
export type ExtraFields = ReadonlyMap<number, { readonly data: Uint8Array }>;

/** A time of a member. */
export interface ZipTime {
  sec: number;
  nsec: number;
}

const EXTENDED_TIMESTAMP = 0x5455;
const UNIX_OWNER = 0x7875;
const NTFS = 0x000a;
/** Seconds from 1601 to 1970. */
const EPOCH_OF_NTFS = 11_644_473_600;

/** The time of a member: the best that is there. That of DOS has no zone and is taken as UTC, so that no machine's matters. */
export function timeOf(extra: ExtraFields, dosTime: number): ZipTime {
  const dos = secondsOfDos(dosTime);
  const seconds = extra.get(EXTENDED_TIMESTAMP)?.data;
  if (seconds && seconds.length >= 5 && (seconds[0]! & 1) !== 0) {
    const sec = viewOf(seconds).getInt32(1, true);
    // programs write times from 2038 on as if there were no sign; DOS knows none before 1980
    return { sec: sec < 0 && dos >= 2 ** 31 - 86_400 ? sec + 2 ** 32 : sec, nsec: 0 };
  }
  const ntfs = extra.get(NTFS)?.data;
  return (ntfs && timeOfNtfs(ntfs)) ?? { sec: dos, nsec: 0 };
}

/** The owner of a member; undefined where none is told. */
export function ownerOf(extra: ExtraFields): { uid: number; gid: number } | undefined {
  const data = extra.get(UNIX_OWNER)?.data;
  if (data?.[0] !== 1) return undefined;
  const uidLen = data[1] ?? 0;
  const gidLen = data[2 + uidLen] ?? 0;
  if (uidLen === 0 || gidLen === 0 || data.length < 3 + uidLen + gidLen) return undefined;
  return {
    uid: littleEndian(data.subarray(2, 2 + uidLen)),
    gid: littleEndian(data.subarray(3 + uidLen, 3 + uidLen + gidLen)),
  };
}

function littleEndian(bytes: Uint8Array): number {
  return bytes.reduceRight((value, byte) => value * 256 + byte, 0);
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function timeOfNtfs(data: Uint8Array): ZipTime | undefined {
  const view = viewOf(data);
  for (let at = 4; at + 4 <= data.length; at += 4 + view.getUint16(at + 2, true)) {
    if (view.getUint16(at, true) !== 1 || view.getUint16(at + 2, true) < 8 || at + 12 > data.length) continue;
    const ticks = view.getBigUint64(at + 4, true);
    const sec = Number(ticks / 10_000_000n) - EPOCH_OF_NTFS;
    return { sec, nsec: Number(ticks % 10_000_000n) * 100 };
  }
  return undefined;
}

/** Date in the upper half: year - 1980, month, day; time in the lower: hours, minutes, seconds / 2. */
function secondsOfDos(dos: number): number {
  const month = Math.max((dos >>> 21) & 0xf, 1);
  const day = Math.max((dos >>> 16) & 0x1f, 1);
  const time = [(dos >>> 11) & 0x1f, (dos >>> 5) & 0x3f, 2 * (dos & 0x1f)] as const;
  return Date.UTC((dos >>> 25) + 1980, month - 1, day, ...time) / 1000;
}
