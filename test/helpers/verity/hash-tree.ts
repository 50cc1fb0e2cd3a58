/** The hash tree of dm-verity, made the simplest way: what builds are compared with where veritysetup is not there. */
import { createHash } from "node:crypto";
import type { VerityReport } from "../../../dist/index.js";

const BLOCK = 4096;

/** Superblock and tree of some data, and its root hash. */
export function makeHashTree(data: Uint8Array, { salt, uuid }: Pick<VerityReport, "salt" | "uuid">) {
  const salted = Buffer.from(salt, "hex");
  const hashes = (bytes: Uint8Array) => {
    const all: Buffer[] = [];
    for (let at = 0; at < bytes.length; at += BLOCK) {
      const hash = createHash("sha256").update(salted);
      all.push(hash.update(bytes.subarray(at, at + BLOCK)).digest());
    }
    return Buffer.concat(all);
  };
  const levels: Buffer[] = [];
  let below: Uint8Array = data;
  while (below.length > BLOCK) {
    const level = hashes(below);
    below = Buffer.concat([level, Buffer.alloc(-level.length & (BLOCK - 1))]);
    levels.unshift(below as Buffer);
  }
  const head = Buffer.alloc(uuid === undefined ? 0 : BLOCK);
  if (uuid !== undefined) {
    head.write("verity\0\0", "latin1");
    head.writeUInt32LE(1, 8);
    head.writeUInt32LE(1, 12);
    head.write(uuid.replaceAll("-", ""), 16, "hex");
    head.write("sha256", 32);
    head.writeUInt32LE(BLOCK, 64);
    head.writeUInt32LE(BLOCK, 68);
    head.writeBigUInt64LE(BigInt(data.length / BLOCK), 72);
    head.writeUInt16LE(salted.length, 80);
    salted.copy(head, 88);
  }
  return { bytes: Buffer.concat([head, ...levels]), rootHash: hashes(below).toString("hex") };
}
