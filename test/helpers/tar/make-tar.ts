/** Tar archives made block by block, so that tests can have them as no tar makes them. */

/** What a header says; numbers are octal, or bytes as they are to stand there. */
export interface TarFields {
  name: string;
  type?: string;
  mode?: number;
  uid?: number | Buffer;
  gid?: number | Buffer;
  /** Default: the bytes of the contents. */
  size?: number | Buffer;
  mtime?: number | Buffer;
  target?: string;
  major?: number;
  minor?: number;
  prefix?: string;
  /** Default: POSIX's. */
  magic?: "ustar\x0000" | "ustar  \0" | "";
  /** What stands at further places. */
  more?: readonly (readonly [at: number, bytes: Buffer])[] | undefined;
}

/** Two blocks of zeros. */
export const TAR_END = Buffer.alloc(1024);

/** A header, and contents in whole blocks. */
export function tarMember(fields: TarFields, contents: Buffer | string = ""): Buffer {
  const bytes = Buffer.from(contents);
  const block = Buffer.alloc(512);
  const put = (at: number, value: string | Buffer) => Buffer.from(value as string, "latin1").copy(block, at);
  const number = (at: number, length: number, value: number | Buffer = 0) =>
    put(at, Buffer.isBuffer(value) ? value : `${value.toString(8).padStart(length - 1, "0")}\0`);
  put(0, fields.name);
  number(100, 8, fields.mode ?? 0o644);
  number(108, 8, fields.uid);
  number(116, 8, fields.gid);
  number(124, 12, fields.size ?? bytes.length);
  number(136, 12, fields.mtime);
  put(156, fields.type ?? "0");
  put(157, fields.target ?? "");
  put(257, fields.magic ?? "ustar\x0000");
  number(329, 8, fields.major);
  number(337, 8, fields.minor);
  put(345, fields.prefix ?? "");
  for (const [at, value] of fields.more ?? []) put(at, value);
  seal(block);
  return Buffer.concat([block, fill(bytes)]);
}

/** Gives a header the checksum that it must have. */
export function seal(block: Buffer): void {
  block.fill(" ", 148, 156);
  const sum = block.subarray(0, 512).reduce((all, byte) => all + byte, 0);
  block.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
}

function fill(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)]);
}

/** An extended header: about the next member, or with `g` about all that follow. */
export function pax(
  records: readonly (readonly [keyword: string, value: string | Buffer])[],
  type: "x" | "g" = "x",
): Buffer {
  const lines = records.map(([keyword, value]) => {
    const rest = Buffer.concat([
      Buffer.from(` ${keyword}=`, "latin1"),
      Buffer.from(value as string),
      Buffer.from("\n"),
    ]);
    let length = rest.length + 1;
    while (`${length}`.length + rest.length > length) length++;
    return Buffer.concat([Buffer.from(`${length}`), rest]);
  });
  return tarMember({ name: "pax", type }, Buffer.concat(lines));
}
