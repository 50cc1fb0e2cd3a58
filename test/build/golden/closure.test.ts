/** Images of a closure with the files that have Nix know it, pinned byte for byte: where they lie, and what they hold. */
import { chmodSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, test } from "vitest";
import { type BuildOptions, buildErofs, closure } from "../../../dist/index.js";
import { Pins } from "../../helpers/golden/pins.ts";
import { makeScratch } from "../../helpers/scratch.ts";
import { putFile } from "../../helpers/trees/closure-store.ts";

const pins = new Pins("closure");
const scratch = makeScratch("golden-closure");
/** One sorts before `nix-path-registration`, one behind it. */
const PATHS = ["b".repeat(32), "z".repeat(32)].map((part, index) => `${part}-path-${index}`);

beforeAll(() => {
  for (const [index, name] of PATHS.entries()) {
    const path = `${scratch}/store/${name}`;
    const files = [
      putFile(`${path}/small`, `of ${index}\n`),
      putFile(`${path}/lib/blocks`, "0123456789".repeat(1000 + index)),
      putFile(`${path}/large`, "a file that is copied".repeat(15_000 + index)),
    ];
    for (const file of files) chmodSync(file, 0o644);
    for (const folder of [path, `${path}/lib`]) chmodSync(folder, 0o755);
  }
  const [first] = PATHS;
  const of = (name: string, index: number) =>
    `/nix/store/${name}\n${`${index}`.repeat(64)}\n${1000 + index}\n\n1\n/nix/store/${first}\n`;
  putFile(`${scratch}/info/store-paths`, PATHS.map((name) => `${scratch}/store/${name}\n`).join(""));
  writeFileSync(`${scratch}/info/registration`, PATHS.map(of).join(""));
});

test.skipIf(process.platform !== "linux").each<[name: string, BuildOptions]>([
  ["a registration", { registration: true }],
  ["a registration, extended inodes, blocks of 512 bytes", { registration: "0", inodes: "extended", blockSize: 512 }],
  ["a store with its database", { storeDir: "/nix/store", registration: true, nixDatabase: true, gcroot: "box" }],
  ["a registration and a database, compressed", { registration: true, nixDatabase: "db/db.sqlite", compress: "lz4" }],
])("%s: the image is the pinned one", async (name, options) => {
  await buildErofs(closure(`${scratch}/info`), `${scratch}/image`, options);
  await pins.expect(name, readFileSync(`${scratch}/image`));
});
