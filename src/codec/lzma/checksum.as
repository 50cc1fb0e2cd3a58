// CRC-32 and CRC-64 as .xz has them, of bytes in this memory: four bytes at a time, with four tables.
import { CRC32_TABLES, CRC64_TABLES } from "./memory";

const CRC32: u64 = 0xedb88320;
const CRC64: u64 = 0xc96c5795d7870f42;

/** Continues a CRC-32 over [from, to); the first one continues 0. */
export function crc32(from: u32, to: u32, crc: u32): u32 {
  let value = ~crc;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    value ^= load<u32>(at);
    value =
      load<u32>(CRC32_TABLES + 0xc00 + ((value & 0xff) << 2)) ^
      load<u32>(CRC32_TABLES + 0x800 + (((value >>> 8) & 0xff) << 2)) ^
      load<u32>(CRC32_TABLES + 0x400 + (((value >>> 16) & 0xff) << 2)) ^
      load<u32>(CRC32_TABLES + ((value >>> 24) << 2));
  }
  for (; at < to; at++) value = load<u32>(CRC32_TABLES + (((value ^ load<u8>(at)) & 0xff) << 2)) ^ (value >>> 8);
  return ~value;
}

let crc64: u64 = 0;

/** Starts a CRC-64. */
export function startCrc64(): void {
  crc64 = 0;
}

/** Continues it over [from, to). */
export function addCrc64(from: u32, to: u32): void {
  let value = ~crc64;
  let at = from;
  for (; at + 4 <= to; at += 4) {
    const low = <u32>value ^ load<u32>(at);
    value =
      (value >>> 32) ^
      load<u64>(CRC64_TABLES + 0x1800 + ((low & 0xff) << 3)) ^
      load<u64>(CRC64_TABLES + 0x1000 + (((low >>> 8) & 0xff) << 3)) ^
      load<u64>(CRC64_TABLES + 0x800 + (((low >>> 16) & 0xff) << 3)) ^
      load<u64>(CRC64_TABLES + ((low >>> 24) << 3));
  }
  for (; at < to; at++) value = load<u64>(CRC64_TABLES + (((<u32>value ^ load<u8>(at)) & 0xff) << 3)) ^ (value >>> 8);
  crc64 = ~value;
}

/** Its halves. */
export function crc64Low(): u32 {
  return <u32>crc64;
}

export function crc64High(): u32 {
  return <u32>(crc64 >>> 32);
}

/** Fills the tables: table k takes a byte that k more bytes follow. */
export function fillTables(): void {
  for (let at: u32 = 0; at < 1024; at++) {
    let value32: u64 = at;
    let value64: u64 = at;
    if (at < 256) {
      for (let bits = 0; bits < 8; bits++) {
        value32 = value32 & 1 ? (value32 >>> 1) ^ CRC32 : value32 >>> 1;
        value64 = value64 & 1 ? (value64 >>> 1) ^ CRC64 : value64 >>> 1;
      }
    } else {
      const before32 = load<u32>(CRC32_TABLES + ((at - 256) << 2));
      const before64 = load<u64>(CRC64_TABLES + ((at - 256) << 3));
      value32 = (before32 >>> 8) ^ load<u32>(CRC32_TABLES + ((before32 & 0xff) << 2));
      value64 = (before64 >>> 8) ^ load<u64>(CRC64_TABLES + ((<u32>before64 & 0xff) << 3));
    }
    store<u32>(CRC32_TABLES + (at << 2), <u32>value32);
    store<u64>(CRC64_TABLES + (at << 3), value64);
  }
}
