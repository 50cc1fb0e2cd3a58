/** Modules that are loaded when they are needed, and at once: `import()` would have its caller wait. */
import { createRequire } from "node:module";

/**
 * Loads a module of Node, or of a package beside this one. A bundle in CommonJS does not know where it is: it has those of Node
 * alone.
 *
 * @throws what Node says, `MODULE_NOT_FOUND` where there is none
 */
export function requireModule(name: string): unknown {
  // not every Node 20 has it; bundlers leave it as it is, and some take the other for theirs
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  const here = (import.meta as { url?: string }).url;
  return getBuiltinModule?.(name) ?? createRequire(here ?? process.execPath)(name);
}
