/** What Node asks for each module that it loads, where it knows no types: TypeScript without them. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "rolldown/utils";

/** @type {import("node:module").LoadHook} */
export async function load(url, context, nextLoad) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return nextLoad(url, context);
  const path = fileURLToPath(url);
  const { code, errors } = await transform(path, await readFile(path, "utf8"), { lang: "ts" });
  if (errors.length > 0) throw new SyntaxError(`${path}: ${errors[0]?.message}`);
  return { format: "module", source: code, shortCircuit: true };
}
