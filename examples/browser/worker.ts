/** Builds images, so that the page stays at hand meanwhile. It reads the files as it goes; nothing leaves the machine. */
import { usagePage } from "../../src/cli/imagefs/usage-page/page.ts";
import { blobSource } from "../../src/core/byte-source.ts";
import { ALGORITHMS } from "../../src/erofs/disk/algorithms.ts";
import { type Algorithm, buildErofs, buildSquashfs, type CompressorName } from "../../src/index.ts";
import { openReader } from "../../src/inspect/open-image.ts";
import { measureUsage } from "../../src/inspect/usage/usage.ts";
import { COMPRESSORS } from "../../src/squashfs/disk/compressors.ts";
import type { Built, Order, Telling, Told } from "./messages.ts";
import { sourceOf } from "./source.ts";

/** Milliseconds between two words about progress. */
const TOLD_EVERY = 50;

let running: AbortController | undefined;

self.onmessage = ({ data }: MessageEvent<Told>) => {
  if (data === "stop") {
    running?.abort();
    return;
  }
  running = new AbortController();
  build(data, running.signal).then(
    (built) => tell({ kind: "built", built }),
    (error: unknown) => tell({ kind: "failed", message: error instanceof Error ? error.message : String(error) }),
  );
};

// one of SquashFS that Linux does not read is of no use here
const read = Object.entries(COMPRESSORS).filter(([, { codec, since }]) => codec !== undefined && since !== "");
tell({ kind: "ready", algorithms: Object.keys(ALGORITHMS), compressors: read.map(([name]) => name) });

function tell(telling: Telling): void {
  self.postMessage(telling);
}

async function build(order: Order, signal: AbortSignal): Promise<Built> {
  const parts: Blob[] = [];
  const out = new WritableStream<Uint8Array>({
    // a copy of its own, which browsers may put on a disk
    write: (bytes) => void parts.push(new Blob([bytes.slice()])),
  });
  const report = await buildImage(order, out, signal);
  const image = new Blob(parts);
  const name = `image.${order.format}`;
  return {
    ...{ image, name, sha256: report.digest!, kernel: report.minimumKernel },
    usage: usagePage(name, await measureUsage(await openReader(blobSource(image)))),
  };
}

function buildImage(order: Order, out: WritableStream<Uint8Array>, signal: AbortSignal) {
  const { given, format, compressor, fixesTimes } = order;
  let told = 0;
  const options = {
    ...{ workers: 1, digest: true, signal },
    ...(fixesTimes ? { timestamp: 0 } : {}),
    onProgress({ stage, done, total }: { stage: string; done: number; total?: number | undefined }) {
      if (performance.now() - told < TOLD_EVERY) return;
      told = performance.now();
      tell({ kind: "progress", stage, done, total });
    },
  };
  if (format === "squashfs") {
    return buildSquashfs(sourceOf(given), out, { ...options, compressor: (compressor ?? "none") as CompressorName });
  }
  const compress = compressor === undefined ? {} : { compress: { algorithm: compressor as Algorithm } };
  return buildErofs(sourceOf(given), out, { ...options, ...compress });
}
