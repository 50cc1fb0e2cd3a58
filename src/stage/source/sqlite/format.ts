/**
 * SQLite's file format (https://www.sqlite.org/fileformat2.html): what is written and read of it here. Numbers are
 * big-endian, and pages have numbers from 1. A table is a tree of pages whose leaves hold rows by number; an index is a
 * tree whose every page holds keys, each a row of columns with the row's number last.
 *
 *   page      | page header | u16 place of each cell, in the order of keys | … free … | cells |
 *   cell      | u32 left child (interior) | varint length | varint row (tables) | payload | u32 overflow page, if any |
 *   payload   | varint length of this header | varint type of each value | values |
 *   overflow  | u32 next overflow page, or 0 | payload goes on |
 */
import { raw, struct, u8, u16, u32 } from "../../../core/struct.ts";

/** The first 100 bytes of a database; page 1 goes on behind them. */
export const HEADER = struct("database header", 100, {
  magic: raw(16),

  page_size: u16,
  write_version: u8,
  read_version: u8,
  reserved_bytes: u8,
  max_payload_fraction: u8,
  min_payload_fraction: u8,
  leaf_payload_fraction: u8,
  change_counter: u32,
  page_count: u32,

  freelist_page: u32,
  freelist_count: u32,
  schema_cookie: u32,
  schema_format: u32,

  cache_size: u32,
  largest_root: u32,
  text_encoding: u32,
  user_version: u32,

  incremental_vacuum: u32,
  application_id: u32,
  unused: raw(20),
  version_valid_for: u32,
  sqlite_version: u32,
});

/** What a page of a tree begins with; leaves have no last field. */
export const PAGE = struct("b-tree page header", 12, {
  type: u8,
  first_freeblock: u16,
  cell_count: u16,
  content_start: u16,
  fragmented_bytes: u8,
  right_child: u32,
});

/** Bytes of the header of a leaf. */
export const LEAF_HEADER = 8;

/** `magic`: with the NUL that ends it. */
export const MAGIC = "SQLite format 3\0";

/** Types of pages. */
export const INTERIOR_INDEX = 2;
/** See {@link INTERIOR_INDEX}. */
export const INTERIOR_TABLE = 5;
/** See {@link INTERIOR_INDEX}. */
export const LEAF_INDEX = 10;
/** See {@link INTERIOR_INDEX}. */
export const LEAF_TABLE = 13;

/** `text_encoding`: UTF-8. */
export const UTF8 = 1;

/** A value of a row. Text is a latin1 string of its bytes. */
export type SqliteValue = number | string | null;

/**
 * How much of a payload lies in its cell; the rest is in overflow pages.
 *
 * @param usable bytes of a page that are in use: all but those reserved
 */
export function localLength(payload: number, usable: number, isIndex: boolean): number {
  const max = isIndex ? Math.floor(((usable - 12) * 64) / 255) - 23 : usable - 35;
  if (payload <= max) return payload;
  const min = Math.floor(((usable - 12) * 32) / 255) - 23;
  const length = min + ((payload - min) % (usable - 4));
  return length <= max ? length : min;
}
