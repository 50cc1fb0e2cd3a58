// `npm run bench:start`: what little work costs, which is mostly what it takes to start: an image of one file and of 1,000
// files, against `node -e 0`, mkfs.erofs, and the floor, interleaved. CPU seconds are the fair figure on a busy machine.
//   node bench/start.mjs [ROUNDS] [MKFS]
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { FLOOR, findPeer } from "./cases.mjs";
import { sizeOfImage } from "./image.mjs";
import { hasTime, measure, median } from "./measure.mjs";
import { ratio } from "./promises.mjs";
import { aligned, fixed } from "./report.mjs";

/** @import { Sample } from "./types.ts" */

const [rounds = "15", mkfs = process.env.MKFS_EROFS ?? "mkfs.erofs"] = process.argv.slice(2);
const OURS = fileURLToPath(new URL("../dist/cli/mkerofs/main.js", import.meta.url));
/** An image of one file takes so many times as long as Node that does nothing. */
const LIMIT = 2;

if (!hasTime) throw new Error("/usr/bin/time is missing: no CPU time can be told");
if (!(Number(rounds) > 0)) throw new Error("start.mjs [ROUNDS] [MKFS]");
const scratch = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/ts-mkerofs-start-`);
try {
  const image = `${scratch}/image`;
  const node = process.execPath;
  const peer = findPeer(mkfs);
  /** @type {{ name: string, argv: string[], makes: boolean, samples: Sample[] }[]} */
  const cases = [{ name: "node -e 0", argv: [node, "-e", "0"], makes: false, samples: [] }];
  for (const files of [1, 1000]) {
    const tree = layOut(files);
    const of = `${files} file${files === 1 ? "" : "s"}`;
    /** @type {(name: string, makes: boolean, ...argv: string[]) => void} */
    const add = (name, makes, ...argv) => void cases.push({ name: `${name}, ${of}`, argv, makes, samples: [] });
    add("ours", true, node, OURS, "--quiet", "-T0", "--all-root", image, tree);
    if (peer) add("mkfs.erofs", true, peer.command, "--quiet", "-T0", "--all-root", image, tree);
    add("floor, one thread", false, ...FLOOR, "--threads=1", `--tree=${tree}`, image);
  }
  for (let round = 0; round <= Number(rounds); round++) {
    for (const { name, argv, makes, samples } of cases) {
      const sample = await measure(argv, { limit: 60, scratch });
      if (sample.failure !== undefined || sample.late) throw new Error(`${name}: ${sample.failure ?? "too slow"}`);
      if (makes && sizeOfImage(image, "EROFS") === undefined) throw new Error(`${name}: left no image`);
      rmSync(image, { force: true });
      if (round > 0) samples.push(sample);
    }
  }
  const rows = cases.map(({ name, samples }) => {
    const walls = samples.map(({ wall }) => wall);
    const cpu = median(samples.map((sample) => sample.cpu));
    const peak = median(samples.map((sample) => sample.peak));
    return { name, walls, wall: median(walls), cpu, peak };
  });
  const [bare] = rows;
  const lines = rows.map((row) => [
    ...[row.name, fixed(row.wall, 3), fixed(row.cpu, 2), fixed((row.peak ?? Number.NaN) / 1e6, 1)],
    fixed(ratio(row, bare), 2),
  ]);
  const version = peer?.version ?? "no mkfs.erofs";
  process.stdout.write(`Node ${process.version}, ${version}; medians of ${rounds} rounds, interleaved\n\n`);
  process.stdout.write(`${aligned([["case", "wall s", "CPU s", "peak MB", "times node -e 0"], ...lines], 1)}\n\n`);
  const one = ratio(rows[1], bare);
  const met = one !== undefined && one <= LIMIT;
  process.stdout.write(
    `image of one file against node -e 0: ${fixed(one, 2)}, limit ${LIMIT}: ${met ? "met" : "MISSED"}\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** A folder of so many files of 100 bytes, 50 to a directory. @param {number} files */
function layOut(files) {
  const tree = `${scratch}/tree-${files}`;
  for (let file = 0; file < files; file++) {
    const folder = `${tree}/${Math.floor(file / 50)}`;
    if (file % 50 === 0) mkdirSync(folder, { recursive: true });
    writeFileSync(`${folder}/${file}`, `${file}`.padEnd(100, "."));
  }
  return tree;
}
