// One file that is a program and the filesystem with all it needs, as AppImages are: a runtime, and SquashFS right behind it.
//   node appimage.mjs RUNTIME APPDIR OUT
import { open, readFile } from "node:fs/promises";
import { buildSquashfs, directory } from "ts-mkerofs";

const [runtimeFile = "", appDir = "", out = ""] = process.argv.slice(2);

const runtime = await readFile(runtimeFile);
await buildSquashfs(directory(appDir), out, {
  offset: runtime.length, // zeros until the runtime is there
  compressor: "zstd",
  fragments: "none",
  owner: "root",
  xattrs: false,
});

const file = await open(out, "r+");
await file.write(runtime, 0, runtime.length, 0);
await file.chmod(0o755);
await file.close();
console.log(`${out}: mount -o loop,offset=${runtime.length}`);
