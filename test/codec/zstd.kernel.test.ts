/** Frames of zstd, judged by the zstd program. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "vitest";
import { createZstd, ZSTD_MAX_PLAIN } from "../../src/codec/zstd/zstd.ts";
import { cut, expectBytes, noise } from "../helpers/codec.ts";
import { type DecodeMethod, decodeInto } from "../helpers/codec-properties.ts";
import { data as sample } from "../helpers/codec-sample.ts";
import { hasCommand, oracle } from "../helpers/oracle.ts";
import { makeScratch } from "../helpers/scratch.ts";

const zstd = oracle("zstd", hasCommand("zstd"));

const CODECS = [createZstd(1), createZstd(3), createZstd(9), createZstd(15)];
const each = CODECS.map((codec) => [codec.name, codec] as const);

const scratch = makeScratch("zstd");

/** The zstd program's opinion of many frames, each in a file of its own. */
function unzstd(frames: readonly Uint8Array[]): Buffer[] {
  const folder = mkdtempSync(join(scratch, "frames-"));
  const path = (i: number) => join(folder, `${i}`);
  for (const [i, frame] of frames.entries()) writeFileSync(`${path(i)}.zst`, frame);
  for (let i = 0; i < frames.length; i += 500) {
    const paths = frames.slice(i, i + 500).map((_, j) => `${path(i + j)}.zst`);
    // the kernel's EROFS gives a frame a window of 1 MiB
    execFileSync("zstd", ["-dq", "--memory=1MB", ...paths], { stdio: ["ignore", "ignore", "inherit"] });
  }
  return frames.map((_, i) => readFileSync(path(i)));
}

test.skipIf(!zstd).each(each)("the zstd program reads what %s writes", (_, codec) => {
  const all: { block: Uint8Array; plain: Uint8Array }[] = [];
  const python = readFileSync(process.execPath).subarray(0, 1_500_000);
  for (const data of [sample, python, noise(50_000), new Uint8Array(1 << 20), Uint8Array.of(7)]) {
    for (const limit of [300, 4096, 65536]) all.push(...cut(codec, data.subarray(0, limit * 200), limit));
    const whole = data.subarray(0, ZSTD_MAX_PLAIN);
    codec.plain.set(whole);
    const size = codec.compress(0, whole.length, 0, codec.compressed.length);
    all.push({ block: codec.compressed.slice(0, size), plain: whole });
  }
  const decoded = unzstd(all.map(({ block }) => block));
  for (const [i, { plain }] of all.entries()) expectBytes(decoded[i]!, plain);
});

test.skipIf(!zstd)("the decoder reads what the zstd program writes", () => {
  const codec = createZstd(3);
  const run = (frame: Uint8Array, room: number, method?: DecodeMethod) => decodeInto(codec, frame, room, method);
  for (const data of [sample, sample.subarray(0, 100), sample.subarray(0, 300), new Uint8Array(0), noise(70_000)]) {
    for (const options of [["-1"], ["-19"], ["--no-check"], ["--ultra", "-22", "--long"], ["--no-content-size"]]) {
      // through a pipe, so without the size of the contents; then with it
      for (const size of [[], [`--stream-size=${data.length}`]]) {
        const frame = execFileSync("zstd", ["-qc", ...options, ...size], { input: data, maxBuffer: 1 << 24 });
        expectBytes(run(frame, data.length), data);
        expectBytes(run(frame, data.length + 10, "decompressStart"), data);
        const part = data.length >> 1;
        expectBytes(run(frame, part, "decompressStart"), data.subarray(0, part));
      }
    }
  }
});
