/**
 * Asks the C tools the lines of docs/options.md, and keeps their answers in test/fixtures/peers:
 *
 *     npm run record:peers -- --mkfs=PATH --mksquashfs=PATH --gensquashfs=PATH
 *
 * Those that are not given stay as they are. The tests that compare run behind it.
 */
import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { parseArgs } from "node:util";

const path = { type: /** @type {const} */ ("string") };
const { values } = parseArgs({ options: { mkfs: path, mksquashfs: path, gensquashfs: path } });
const paths = Object.entries(values).map(([name, value]) => [`--${name}`, resolve(`${value}`)]);
if (paths.length === 0) {
  throw new Error("usage: npm run record:peers -- --mkfs=PATH --mksquashfs=PATH --gensquashfs=PATH");
}
const env = { ...process.env, RECORD_PEERS: JSON.stringify(Object.fromEntries(paths)) };
const run = (/** @type {string[]} */ ...words) => spawnSync("npx", words, { stdio: "inherit", env }).status ?? 1;
const compared = run("vitest", "run", "test/cli/peers.test.ts");
process.exit(run("biome", "format", "--write", "test/fixtures/peers") || compared);
