#!/usr/bin/env node
import { runProgram } from "../shared/program.ts";
/** The command `ts-gensquashfs`. */
import { parseGensquashfs } from "./options.ts";

const HELP = `Usage: ts-gensquashfs [OPTION]... IMAGE
Writes a SquashFS image of a directory, or of what a pack file describes. IMAGE "-" is standard output. Options and
their letters are those of gensquashfs. The same tree and options give the same bytes on every machine.

  -F, --pack-file FILE        pack what FILE describes; its files are found relative to the pack directory, or else to
                              the folder FILE lies in
  -D, --pack-dir DIRECTORY    pack this directory, which becomes the root
  -c, --compressor NAME       gzip, lz4 or zstd (default)
  -X, --comp-extra OPTIONS    gzip: level=1..9, window=8..15; lz4: hc; zstd: level=1..22
  -b, --block-size SIZE       bytes of a block, 4096 to 1048576 (default 131072)
  -B, --dev-block-size SIZE   the image is a multiple of this (default 4096)
  -j, --num-jobs N            number of threads (default: the processors available); changes no byte
  -Q, --queue-backlog N       accepted for gensquashfs's sake: what waits in memory is bounded anyway
  -d, --defaults OPTIONS      uid=, gid=, mode= (octal) and mtime= of the root and of directories nobody describes;
                              mtime (default $SOURCE_DATE_EPOCH, else 0) is also that of the image and of all entries
  -k, --keep-time             with --pack-dir alone: files keep their times
  -u, --set-uid N             all entries belong to this user
  -g, --set-gid N             all entries belong to this group
      --all-root              all entries belong to root
  -S, --sort-file FILE        order of the data, and how single files are stored: lines of "PRIORITY [FLAG,...] PATH"
                              with glob, glob_no_path, dont_compress, dont_fragment, dont_deduplicate, nosparse
  -A, --xattr-file FILE       extended attributes, as getfattr --dump writes them
  -s, --selinux FILE          label everything as this file_contexts file says, and FILE.homedirs, .local, .subs and
                              .subs_dist beside it; what no rule is for becomes unlabeled_t
  -o, --one-file-system       leave out what is mounted below the pack directory
  -e, --exportable            write the table that NFS needs
  -T, --no-tail-packing       ends of files larger than a block stay with them
  -H, --no-hard-links         store hard links as files of their own
  -f, --force                 overwrite IMAGE
  -q, --quiet                 print nothing but errors
  -V, --version               print the version
  -h, --help                  print this

Not supported: -x (attributes of files cannot be read), compression with xz, lzma and lzo, strategies of gzip.
Exit status: 0 for success, 1 where the image could not be built, 2 for a command line that cannot be understood.
`;

const manifest = new URL("../../../package.json", import.meta.url);

// all that was printed has been awaited; nothing that is still open may keep the process alive
process.exit(await runProgram({ name: "ts-gensquashfs", help: () => HELP, manifest, parse: parseGensquashfs }));
