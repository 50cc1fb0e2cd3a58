/** Zip archives byte by byte, so that they can be as no program makes them. See APPNOTE 4.3. */
import { crc32, deflateRawSync } from "node:zlib";

/** A member; all but its name has a default: stored, made on Unix, mode 0100644, time 0. */
export interface ZipPart {
  name: string | Uint8Array;
  data?: string | Uint8Array;
  /** Default: 0, stored. */
  method?: number;
  /** What stands in the archive. Default: the data, compressed if `method` is 8. */
  packed?: Uint8Array;
  /** Default: 3, Unix. */
  host?: number;
  flags?: number;
  /** Upper half of the attributes. */
  mode?: number;
  dosAttributes?: number;
  dosTime?: number;
  /** Extra fields of the directory; by default the time 0 of Info-ZIP. */
  extra?: Uint8Array;
  /** What the directory says, where that is not true. */
  size?: number;
  packedLen?: number;
  crc?: number;
  headerOff?: number;
  /** Sizes and offset are in an extra field. */
  zip64?: boolean;
}

const latin1 = (text: string | Uint8Array) => (typeof text === "string" ? Buffer.from(text) : Buffer.from(text));

/** An extra field. */
export function field(id: number, data: Uint8Array): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt16LE(id, 0);
  head.writeUInt16LE(data.length, 2);
  return Buffer.concat([head, data]);
}

/** The time of a member in seconds. */
export function unixTime(seconds: number): Buffer {
  const data = Buffer.alloc(5);
  data[0] = 1;
  data.writeInt32LE(seconds | 0, 1);
  return field(0x5455, data);
}

/** Numbers of so many bytes each, little-endian. */
function record(...fields: readonly (readonly [bytes: number, value: number])[]): Buffer {
  const parts = fields.map(([bytes, value]) => {
    const part = Buffer.alloc(8);
    part.writeBigUInt64LE(BigInt(value));
    return part.subarray(0, bytes);
  });
  return Buffer.concat(parts);
}

/** An archive. @param prefix stands before it */
export function makeZip(parts: readonly ZipPart[], prefix: Uint8Array = new Uint8Array(0)): Buffer {
  const locals: Buffer[] = [Buffer.from(prefix)];
  const directory: Buffer[] = [];
  let at = prefix.length;
  for (const part of parts) {
    const name = latin1(part.name);
    const data = latin1(part.data ?? "");
    const { method = 0, flags = 0, dosTime = 0x210000, zip64 = false } = part;
    const packed = Buffer.from(part.packed ?? (method === 8 ? deflateRawSync(data) : data));
    const { size = data.length, packedLen = packed.length, crc = crc32(data), headerOff = at } = part;
    const common: [number, number][] = [
      ...([
        [2, flags],
        [2, method],
        [4, dosTime],
        [4, crc],
      ] as [number, number][]),
      ...((zip64
        ? [
            [4, 0xffffffff],
            [4, 0xffffffff],
          ]
        : [
            [4, packedLen],
            [4, size],
          ]) as [number, number][]),
      [2, name.length],
    ];
    const local = Buffer.concat([record([4, 0x04034b50], [2, 20], ...common, [2, 0]), name, packed]);
    const long = zip64 ? field(1, record([8, size], [8, packedLen], [8, headerOff])) : Buffer.alloc(0);
    const extra = Buffer.concat([long, part.extra ?? unixTime(0)]);
    const { host = 3, mode = 0o100644, dosAttributes = 0 } = part;
    directory.push(
      record([4, 0x02014b50], [2, (host << 8) | 30], [2, 20], ...common, [2, extra.length], [2, 0], [2, 0], [2, 0]),
      record([4, mode * 65536 + dosAttributes], [4, zip64 ? 0xffffffff : headerOff]),
      name,
      extra,
    );
    locals.push(local);
    at += local.length;
  }
  const listed = Buffer.concat(directory);
  const end = record(
    [4, 0x06054b50],
    [4, 0],
    [2, parts.length],
    [2, parts.length],
    [4, listed.length],
    [4, at],
    [2, 0],
  );
  return Buffer.concat([...locals, listed, end]);
}
