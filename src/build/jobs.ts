/**
 * The jobs of builds, by name. What a job needs is loaded where it is run: a plain build reads none of the code that
 * compresses, in no thread.
 */

/** All jobs, as every thread knows them: see ThreadPool. */
export const JOBS = {
  walk: async () => (await import("./jobs/walk.ts")).walk,
  compare: async () => (await import("./jobs/compare.ts")).compare,
  scan: async () => (await import("./jobs/compare.ts")).scan,
  segments: async () => (await import("./jobs/segments.ts")).segments,
  closure: async () => (await import("./jobs/segments.ts")).closure,
  grains: async () => (await import("./jobs/compress.ts")).grains,
  verify: async () => (await import("./jobs/compress.ts")).verify,
  compress: async () => (await import("./jobs/compress.ts")).compress,
  fingerprint: async () => (await import("./jobs/fingerprint.ts")).fingerprint,
  metadata: async () => (await import("./jobs/compress.ts")).metadata,
  data: async () => (await import("./jobs/squashfs-data.ts")).data,
  archives: async () => (await import("./jobs/nix.ts")).archives,
  unpack: async () => (await import("./jobs/unpack.ts")).unpack,
  decode: async () => (await import("./jobs/look/decode.ts")).decode,
  verity: async () => (await import("./jobs/verity.ts")).verity,
  extract: async () => (await import("./jobs/look/extract.ts")).extract,
  match: async () => (await import("./jobs/look/match.ts")).match,
  hash: async () => (await import("./jobs/nix.ts")).hash,
};
