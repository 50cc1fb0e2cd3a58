/** CRC-32C (Castagnoli, reflected polynomial 0x82F63B78) as EROFS uses it: the register goes in and comes out as it is. */

/** Four tables: table k advances the register over a byte that k more bytes follow. */
const TABLES = (() => {
  const tables = new Uint32Array(4 * 256);
  for (let byte = 0; byte < 256; byte++) {
    let register = byte;
    for (let bit = 0; bit < 8; bit++) register = register & 1 ? (register >>> 1) ^ 0x82f63b78 : register >>> 1;
    tables[byte] = register >>> 0;
  }
  for (let i = 256; i < tables.length; i++) {
    const previous = tables[i - 256]!;
    tables[i] = ((previous >>> 8) ^ tables[previous & 0xff]!) >>> 0;
  }
  return tables;
})();

/**
 * Advances `register` over `bytes`. No final inversion (the kernel's `crc32c()`): "123456789" from 0xFFFFFFFF gives
 * 0x1CF96D7C.
 */
export function crc32c(bytes: Uint8Array, register = 0xffffffff): number {
  let crc = register;
  let at = 0;
  for (const end = bytes.length - 3; at < end; at += 4) {
    crc ^= bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    crc =
      TABLES[768 + (crc & 0xff)]! ^
      TABLES[512 + ((crc >>> 8) & 0xff)]! ^
      TABLES[256 + ((crc >>> 16) & 0xff)]! ^
      TABLES[crc >>> 24]!;
  }
  for (; at < bytes.length; at++) crc = TABLES[(crc ^ bytes[at]!) & 0xff]! ^ (crc >>> 8);
  return crc >>> 0;
}
