// A GitHub Action, whose inputs and outputs action.yml lists. All that belongs to it is in its folder: this file, action.yml,
// and node_modules with ts-mkerofs.
import { appendFile } from "node:fs/promises";
import { buildErofs, buildSquashfs, directory } from "ts-mkerofs";

const { INPUT_SOURCE = "", INPUT_IMAGE = "", INPUT_FORMAT = "", GITHUB_OUTPUT = "" } = process.env;

try {
  const build = { erofs: buildErofs, squashfs: buildSquashfs }[INPUT_FORMAT];
  if (build === undefined) throw new Error(`format: ${INPUT_FORMAT} is neither erofs nor squashfs`);
  const { bytes, digest } = await build(directory(INPUT_SOURCE), INPUT_IMAGE, {
    timestamp: 0, // of a checkout, which has the times of its run
    owner: "root",
    digest: true,
    verify: true,
  });
  await appendFile(GITHUB_OUTPUT, `bytes=${bytes}\nsha256=${digest}\n`);
} catch (error) {
  const message = error instanceof Error ? error.message : String(error);
  // an annotation of the run: one line, in which these characters are written so
  const escaped = message.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
  console.log(`::error title=Make an image::${escaped}`);
  process.exitCode = 1;
}
