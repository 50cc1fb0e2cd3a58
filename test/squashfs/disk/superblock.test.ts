/** The superblock, read back field by field. */
import { expect, test } from "vitest";
import { decodeStruct, StructView } from "../../../src/core/struct.ts";
import { SUPER } from "../../../src/squashfs/disk/format.ts";
import { encodeSuperblock } from "../../../src/squashfs/disk/superblock.ts";

test("a superblock says what it is given, and which tables are absent", () => {
  const bytes = encodeSuperblock({
    ...{ inodes: 3, mkfsTime: 2 ** 32 - 1, blockSize: 131_072, fragments: 4, compression: 6, flags: 0x4c0, ids: 5 },
    ...{ rootRef: 2 ** 40 + 7, bytesUsed: 2 ** 33 + 1, idTableOff: 8, xattrTableOff: undefined, inodeTableOff: 9 },
    ...{ directoryTableOff: 10, fragmentTableOff: undefined, exportTableOff: 2 ** 34 },
  });
  const absent = 0xffff_ffff_ffff_ffffn;
  expect(decodeStruct(new StructView(bytes.buffer), 0, SUPER)).toEqual({
    ...{ s_magic: 0x73717368, inodes: 3, mkfs_time: 2 ** 32 - 1, block_size: 131_072, fragments: 4, compression: 6 },
    ...{ block_log: 17, flags: 0x4c0, no_ids: 5, s_major: 4, s_minor: 0, root_inode: 2n ** 40n + 7n },
    ...{ bytes_used: 2n ** 33n + 1n, id_table_start: 8n, xattr_id_table_start: absent, inode_table_start: 9n },
    ...{ directory_table_start: 10n, fragment_table_start: absent, lookup_table_start: 2n ** 34n },
  });
});
