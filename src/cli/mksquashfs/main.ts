#!/usr/bin/env node
import { runProgram } from "../shared/program.ts";
/** The command `ts-mksquashfs`. */
import { parseMksquashfs } from "./options.ts";

const HELP = `Usage: ts-mksquashfs SOURCE... IMAGE [OPTION]... [-e EXCLUDE...]
Writes a SquashFS image: of one directory, whose contents become the root, or of several files and directories, each of
which becomes an entry of the root. SOURCE "-": of pseudo files alone. IMAGE "-" is standard output. Options are those
of mksquashfs. The same tree and options give the same bytes on every machine.

Format:
  -comp NAME                 gzip (default), lz4 or zstd
  -Xcompression-level N      gzip 1 to 9 (default 9), zstd 1 to 22 (default 15)
  -Xwindow-size BITS         gzip: matches lie back 2^BITS bytes at most, 8 to 15 (default 15)
  -Xhc                       lz4: compress better
  -b SIZE                    bytes of a block, 4K to 1M (default 128K)
  -noI -noId -noD -noF -noX  store inodes, ids, data, fragments or attributes uncompressed; -no-compression: all of them
  -no-fragments              no file's end shares a block with others
  -always-use-fragments      the ends of files larger than a block do so too
  -no-duplicates             store equal files each
  -no-sparse                 store blocks of zeros
  -no-exports                do not write the table that NFS needs
  -nopad                     do not make the image a multiple of 4 KiB
  -offset BYTES              leave this many bytes before the image (suffix K, M or G)

Metadata:
  -all-root, -force-uid USER, -force-gid GROUP    owner of all entries: an id, or a name of /etc/passwd or /etc/group
  -uid-gid-offset N          add N to all ids
  -force-file-mode MODE, -force-dir-mode MODE    of all but directories, and of directories
  -root-mode MODE, -root-uid USER, -root-gid GROUP, -root-time SECONDS    of the root
                             MODE: octal, or as chmod takes it (u+rwX,go=u)
  -all-time SECONDS          time of all entries; -inode-time is the same
  -mkfs-time SECONDS         time of the image (default, and "inode": that of its newest entry; the clock is never read)
  -repro-time SECONDS        both
  -no-hardlinks              store hard links as files of their own
  -xattrs-add NAME=VALUE     an attribute for all entries (0x, 0s, 0t before VALUE: hex digits, base64, \\ooo); those
                             of users for files and directories only
  -no-xattrs                 store no attributes (those of files cannot be read in any case)
  $SOURCE_DATE_EPOCH         time of the image, and the latest that an entry may have

What goes in:
  -keep-as-directory         a single directory becomes an entry of the root
  -no-strip                  sources keep the directories of their paths
  -one-file-system           leave out what is mounted below a source
  -e EXCLUDE..., -ef FILE    leave out; with -wildcards or -regex by patterns, "... PATTERN" in any directory
  -p DEFINITION, -pf FILE    pseudo files: PATH d|m|b|c|f|s|i|l|h|L|x|R ..., as mksquashfs has them, and unsquashfs writes
  -pd DEFINITION             d MODE USER GROUP or D TIME MODE USER GROUP: directories that pseudo files need and that are
                             missing; without it they are an error
  -sort FILE                 order of the data: a path and a priority a line

Running:
  -noappend                  overwrite IMAGE; without it there must be none, as appending is not supported
  -processors N              number of threads (default: the processors available); changes no byte
  -mem SIZE                  accepted for mksquashfs's sake: memory is bounded anyway
  -progress, -no-progress    show a progress bar on standard error (default: on a terminal)
  -info                      print what is packed
  -quiet                     print nothing but errors
  -exit-on-error, -reproducible, -repro, -no-recovery    accepted: it is always so
  -mem-percent, -single-reader, -small-readers, -block-readers, -overcommit    accepted: they change no byte
  -version, -help            also -Xhelp, -help-option, -help-section, -help-comp, -help-all: all is printed

Not supported: compression with xz, lzma and lzo, strategies of gzip, tar, zip and cpio input, actions, appending, times
as dates.
Exit status: 0 for success, 1 where the image could not be built, 2 for a command line that cannot be understood.
`;

const manifest = new URL("../../../package.json", import.meta.url);

// all that was printed has been awaited; nothing that is still open may keep the process alive
process.exit(await runProgram({ name: "ts-mksquashfs", help: () => HELP, manifest, parse: parseMksquashfs }));
