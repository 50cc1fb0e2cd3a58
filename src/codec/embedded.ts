/**
 * How WebAssembly modules stand in the code: in base64, which is read wherever there is JavaScript. The bundle for Node has
 * them compressed (scripts/bundle.mjs), and node-embedded.ts in the place of this file.
 */

/** The bytes of a module. */
export function readEmbedded(text: string): Uint8Array {
  const decoded = atob(text);
  const bytes = new Uint8Array(decoded.length);
  // Uint8Array.from() with a function would take a multiple of the compilation itself
  for (let at = 0; at < decoded.length; at++) bytes[at] = decoded.charCodeAt(at);
  return bytes;
}
