/** Extended attributes of random names and values, decided by a seed alone. Root only; setfattr has to be there. */
import { spawnSync } from "node:child_process";
import { lstatSync, readdirSync } from "node:fs";
import { generator, noise } from "../test/helpers/trees/noise.ts";

/** Adds attributes to a third of the entries below a directory, and to all whose names begin with a dot, itself among them; several have the same. */
export function addRandomXattrs(dir: string, seed: number): void {
  const random = generator(seed ^ 0x7a77);
  const below = (limit: number) => Math.floor(random() * limit);
  const lines: Buffer[] = [];
  for (const name of [Buffer.from("."), ...namesBelow(Buffer.from(dir))]) {
    if (below(3) > 0 && name[0] !== DOT) continue;
    const stats = lstatSync(Buffer.concat([Buffer.from(`${dir}/`), name]));
    const spaces = stats.isFile() || stats.isDirectory() ? ["user", "trusted"] : ["trusted"];
    lines.push(Buffer.from(`# file: ${quote(name)}\n`, "latin1"));
    for (let count = 1 + below(below(8) === 0 ? 40 : 4); count > 0; count--) {
      const space = spaces[below(spaces.length)]!;
      const own = ["a", "ab", "b", `${count}`, "long-name.".repeat(1 + below(20))][below(5)]!;
      const length = below(3) === 0 ? 0 : below(below(10) === 0 ? 3000 : 60);
      const value = below(2) === 0 ? Buffer.from("shared by several") : noise(below(1000), length);
      lines.push(Buffer.from(`${space}.${own}=0x${value.toString("hex")}\n`));
    }
    lines.push(Buffer.from("\n"));
  }
  const run = spawnSync("setfattr", ["-h", "--restore=-"], {
    cwd: dir,
    input: Buffer.concat(lines),
    encoding: "latin1",
  });
  if (run.error !== undefined || run.status !== 0) throw new Error(`setfattr: ${run.error?.message ?? run.stderr}`);
}

/** Paths below a directory, in the order of their bytes in each. */
function namesBelow(dir: Buffer): Buffer[] {
  const names = readdirSync(dir, { encoding: "buffer" }).sort(Buffer.compare);
  return names.flatMap((name) => {
    const at = Buffer.concat([dir, SLASH, name]);
    const below = lstatSync(at).isDirectory() ? namesBelow(at) : [];
    return [name, ...below.map((each) => Buffer.concat([name, SLASH, each]))];
  });
}

const SLASH = Buffer.from("/");
const DOT = 0x2e;

/** As getfattr writes paths. */
function quote(name: Buffer): string {
  const isPlain = (byte: number) => byte > 0x20 && byte < 0x7f && byte !== 0x5c && byte !== 0x3d;
  const octal = (byte: number) => `\\${byte.toString(8).padStart(3, "0")}`;
  return Array.from(name, (byte) => (isPlain(byte) ? String.fromCharCode(byte) : octal(byte))).join("");
}
