// How far a build is, until it is done, Ctrl-C is pressed, or it has taken too long: then OUT is as it was.
//   node progress.mjs DIR OUT [SECONDS]
import { buildErofs, directory, ImageError } from "ts-mkerofs";

const [folder = "", out = "", seconds = "3600"] = process.argv.slice(2);

const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());

try {
  const { bytes } = await buildErofs(directory(folder), out, {
    compress: { algorithm: "zstd", level: 15 },
    signal: AbortSignal.any([interrupt.signal, AbortSignal.timeout(Number(seconds) * 1000)]),
    onProgress: ({ stage, done, total }) => {
      const share = total === undefined ? done : `${total === 0 ? 100 : Math.floor((done / total) * 100)} %`;
      process.stderr.write(`${stage}: ${share}\n`);
    },
  });
  console.log(`${out}: ${bytes} bytes`);
} catch (error) {
  if (!(error instanceof ImageError) || error.code !== "ABORTED") throw error;
  process.stderr.write(error.name === "TimeoutError" ? `not done after ${seconds} s\n` : "interrupted\n");
  process.exitCode = 1;
}
