// `npm run bench:memory`: what each further entry costs in peak memory, in trees without giant directories: the same
// files twice, 51,000 and 204,000 entries, 50 to a directory. The slope between the two is the figure.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { fileURLToPath } from "node:url";
import { hasTime, measure, median } from "./measure.mjs";

const OURS = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));
const RUNS = 5;
const PER_TOP = { directories: 10, files: 50 };
const ENTRIES_PER_TOP = 1 + PER_TOP.directories * (1 + PER_TOP.files);

if (!hasTime) throw new Error("/usr/bin/time is missing: no peak memory can be told");
const scratch = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/ts-mkerofs-memory-`);
try {
  const small = await peakOf("small", 100);
  const large = await peakOf("large", 400);
  const slope = (large - small) / (300 * ENTRIES_PER_TOP);
  process.stdout.write(`peak MB: ${(small / 1e6).toFixed(1)} with ${100 * ENTRIES_PER_TOP} entries, `);
  process.stdout.write(
    `${(large / 1e6).toFixed(1)} with ${400 * ENTRIES_PER_TOP}: ${slope.toFixed(0)} bytes an entry\n`,
  );
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** Median peak over some runs, in bytes. */
async function peakOf(name, tops) {
  const tree = `${scratch}/${name}`;
  for (let top = 0; top < tops; top++) {
    for (let nr = 0; nr < PER_TOP.directories; nr++) {
      const folder = `${tree}/top-${top}/subdirectory-${nr}`;
      mkdirSync(folder, { recursive: true });
      for (let file = 0; file < PER_TOP.files; file++)
        writeFileSync(`${folder}/some-file-name-${file}.txt`, "x".repeat(60));
    }
  }
  const peaks = [];
  for (let run = 0; run < RUNS; run++) {
    const argv = [process.execPath, OURS, "--quiet", "-T0", "--all-root", "--workers=2", `${scratch}/image`, tree];
    const { failure, peak } = await measure(argv, { cwd: scratch, limit: 300, scratch });
    if (failure !== undefined) throw new Error(failure);
    peaks.push(peak);
    rmSync(`${scratch}/image`);
  }
  return median(peaks);
}
