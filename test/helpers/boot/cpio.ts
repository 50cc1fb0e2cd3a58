/** Archives of cpio, "newc", as Linux unpacks them into the first root of a guest. */

/** A file, or, without contents, a directory. */
export interface CpioEntry {
  path: string;
  contents?: Uint8Array | undefined;
  isProgram?: boolean | undefined;
}

/** An archive of these, each behind the directories that it lies in, which are added. */
export function makeCpio(entries: readonly CpioEntry[]): Buffer {
  const made = new Map<string, CpioEntry>();
  for (const entry of entries) {
    const names = entry.path.split("/");
    for (let depth = 1; depth < names.length; depth++) {
      const path = names.slice(0, depth).join("/");
      if (!made.has(path)) made.set(path, { path });
    }
    made.set(entry.path, entry);
  }
  return Buffer.concat([...[...made.values()].flatMap(member), ...member({ path: "TRAILER!!!" })]);
}

let inode = 1;

function member({ path, contents, isProgram }: CpioEntry): Uint8Array[] {
  const name = Buffer.from(`${path}\0`);
  const mode = contents === undefined ? 0o40755 : isProgram ? 0o100755 : 0o100644;
  const size = contents?.length ?? 0;
  // magic, then ino, mode, uid, gid, nlink, mtime, filesize, dev (2), rdev (2), namesize, check
  const fields = [inode++, mode, 0, 0, 1, 0, size, 0, 0, 0, 0, name.length, 0];
  const head = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}`;
  const padded = (bytes: Uint8Array, before: number) => [bytes, new Uint8Array(-(before + bytes.length) & 3)];
  return [Buffer.from(head), ...padded(name, head.length), ...padded(contents ?? new Uint8Array(0), 0)];
}
