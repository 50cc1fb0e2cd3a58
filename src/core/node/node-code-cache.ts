/** Compiled code is kept for the next run, where Node can do that. */
import module from "node:module";

/**
 * Has Node keep the compiled code of what is loaded from here on, in its own folder for that: from 22.1 on, and not where
 * NODE_DISABLE_COMPILE_CACHE says so. Each thread has to ask for itself.
 */
export function cacheCode(): void {
  // Node 20, by whose types this is compiled, has none
  (module as { enableCompileCache?: () => unknown }).enableCompileCache?.();
}
