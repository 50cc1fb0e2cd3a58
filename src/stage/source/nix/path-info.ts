/** What Nix knows of a store path: the shape that registrations, databases, JSON and binary caches are read into. */

/** One valid store path. Store paths are ASCII by Nix's own rule, so they are text here. */
export interface PathInfo {
  /** The path as Nix names it, `/nix/store/<hash>-<name>`, wherever its contents lie. */
  path: string;
  /** SHA-256 of the path as a NAR: 64 digits, lower case. */
  narHash: string;
  /** Bytes of that NAR; 0 where it is not known. */
  narSize: number;
  /** Paths that it refers to, itself among them where it does so, each once and in byte order. */
  references: readonly string[];
  /** The derivation that made it. */
  deriver?: string | undefined;
  /** `name:base64`, each once and in byte order. */
  signatures?: readonly string[] | undefined;
  /** How its contents give its name: `fixed:r:sha256:…`, `text:sha256:…`. */
  ca?: string | undefined;
  /** Whether it was built here. */
  ultimate?: boolean | undefined;
  /** Whether a closure was asked for by it, and not only by what refers to it. */
  isRoot?: boolean | undefined;
  /** When it became valid, in seconds since 1970. */
  registrationTime?: number | undefined;
}
