/** Entries as tests see them. */
import type { Log } from "./log.ts";

/** What stat(2) says of an entry where it comes from, with what actions have changed. */
export interface EntryStats {
  /** Type bits included. */
  mode: number;
  uid: number;
  gid: number;
  size: number;
  inode: number;
  links: number;
  /** Of 512 bytes. */
  blocks: number;
}

/** An entry that is tested; strings are latin1. */
export interface Subject {
  name: string;
  /** In the image, with a slash before it. */
  path: string;
  /** 1 for what lies in the root. */
  depth: number;
  stats: EntryStats;
  /** How many entries a directory has. */
  count(): number;
  /** Of a symbolic link. */
  target(): string;
  /** What a relative path leads to from the directory that it lies in, links inside of the image followed. */
  follow(path: string): Subject | undefined;
  /** What a path leads to from the entry itself, or with a slash before it from the root. */
  at(path: string): Subject | undefined;
  /** The stats of what it leads to on disk, if it leads anywhere. */
  followedStats(): EntryStats | undefined;
  /** What file(1) says of it. */
  describe(): string;
  /** Whether a shell's command, which is told of the entry, ends with status 0. */
  execute(command: string): boolean;
}

/** Tells whether an entry is one that is meant; a test with an expression in it says itself what came of that. */
export interface Test {
  matches(subject: Subject, log: Log | undefined): boolean;
  /** It writes its own name and arguments. */
  readonly logsItself?: boolean;
  /** Its arguments as they are logged; undefined: as they were given. */
  readonly shown?: readonly string[];
}
