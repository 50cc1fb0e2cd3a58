/** What `--help` prints. */

/** The help text, with its final newline. */
export const HELP = `Usage: ts-mkerofs [OPTION]... IMAGE SOURCE...
       ts-mkerofs [OPTION]... --closure=FILE IMAGE
Writes an EROFS or SquashFS image: of a directory (one SOURCE: its contents become the root), or of a closure (several
SOURCEs, or --closure: each path becomes an entry of the root). IMAGE "-" is standard output. The same tree and options
give the same bytes on every machine. Options and their letters are those of mkfs.erofs, long ones may be abbreviated.

What goes in:
  --closure=FILE          take the paths that FILE lists, one a line; "-" is standard input
  --exclude-path=PATH     leave out PATH, relative to the root of the image
  --exclude-regex=REGEX   leave out what matches this POSIX extended regular expression
  --one-file-system       leave out what is mounted below a source

Metadata (a directory keeps its own; a closure has time 0, owner root and no hard links):
  -T SECONDS              time of the build and of all files, since 1970 (else, for newer files of a
                          directory, $SOURCE_DATE_EPOCH)
  --all-time              the time given is that of all files (default with -T)
  --mkfs-time             the time given is that of the build only
  --preserve-mtime        files keep their times, also in a closure without -T
  --ignore-mtime          where a file's time alone would need a larger inode, use the time of the build
  --all-root              all files belong to root
  --force-uid=ID          all files belong to this user
  --force-gid=ID          all files belong to this group
  --uid-offset=N          add N to all user ids
  --gid-offset=N          add N to all group ids
  --hard-dereference      store hard links as files of their own
  -x N                    store an extended attribute once if more than N files have it (default 2); N < 0: store none.
                          Attributes of files in directories cannot be read, so this has no effect on those

Layout:
  --format=FORMAT         erofs (default) or squashfs. Of the options below, SquashFS takes -b, -z, --dedupe, --offset
                          and --mount-point; of -x only -x-1
  -L LABEL                volume label, at most 15 bytes
  -U UUID                 UUID of the image, "clear" or "random" (default: derived from the tree and the options)
  -b SIZE                 bytes of a block, a power of two from 512 to 65536 (default 4096); Linux mounts none larger
                          than its pages. SquashFS: from 4096 to 1048576 (default 131072)
  --chunksize=SIZE        store files in chunks of this many bytes, a power of two of at least a block
  --dedupe=none|file      store equal files once (default: file)
  -z NAME[,LEVEL][:...]   compress files with lz4, lz4hc (levels 1 to 12, default 7), deflate (1 to 12, default 1) or
                          zstd (1 to 22, default 3); also NAME,level=N,dictsize=BYTES. Further ones are for
                          --compress-hints to choose. SquashFS: one of zstd (default, level 15), gzip (1 to 9,
                          default 9), lz4, lz4hc (default 12) and none
  -C BYTES                most bytes of a compressed cluster, whole blocks up to 1 MiB (default: one block)
  --compress-hints=FILE   lines of "BYTES [NR] REGEX": files that match are compressed in clusters of BYTES (0: not at
                          all) with algorithm NR of -z, counted from 0
  --max-extent-bytes=N    most bytes of a file that go into one cluster (default and most: 1 MiB)
  --zD[=0|1]              compress directories too
  --target-kernel=VERSION use only what this version of Linux reads, refuse what it does not (default: any)
  --dsunit=N              start files at multiples of N blocks
  --fsalignblks=N         make the image a multiple of N blocks
  --offset=BYTES          leave this many bytes before the image
  -E FEATURE[,...]        noinline_data           no file's end stands beside its inode
                          force-inode-compact     32-byte inodes only, implies --ignore-mtime
                          force-inode-extended    64-byte inodes only
                          force-inode-blockmap    4-byte entries for chunks (default)
                          force-chunk-indexes     8-byte entries for chunks
                          ztailpacking            the compressed end of a file stands beside its inode
                          fragments[=SIZE]        ends of files are compressed together (in clusters of SIZE)
                          all-fragments[=SIZE]    files are compressed together
                          dedupe                  equal runs of bytes inside of files are stored once
                          48bit                   compressed data starts at any byte (Linux 6.15); default with
                                                  --target-kernel=6.15 or later where ends of files have no other place
                          legacy-compress         8-byte indexes of compressed files
                          nosbcrc                 no checksum of the superblock
                          ^xattr-name-filter      no filter of attribute names
  --sort-file=FILE        order of the data: lines of "PRIORITY [FLAG,...] PATH", as gensquashfs has them; lower numbers
                          come first, what is not listed has 0. Flags: glob and glob_no_path (PATH is a pattern),
                          dont_compress; SquashFS: also dont_fragment, dont_deduplicate, nosparse
  --sort=path|none        accepted for mkfs.erofs's sake: without a sort file data stands in the order of the paths
  --mount-point=PATH      where the image will be mounted; recorded in the report, changes no byte

Running:
  --workers=N             number of threads, which changes no byte (default: the processors available)
  --progress=WHEN         show a progress bar on standard error: auto (default: on a terminal), always or never
  --json                  print the report as JSON
  -d LEVEL                verbosity, from 0 (quiet) to 9 (default 2); from 3 on with the time each stage took
  --quiet                 print nothing but errors (and the report, with --json)
  -V, --version           print the version
  -h, --help              print this

Examples:
  ts-mkerofs --closure=store-paths -L nix-store store.erofs       # a Nix closure, ready for /nix/store
  ts-mkerofs -zlz4hc -Efragments --closure=store-paths small.erofs
  ts-mkerofs -T 0 --all-root -L root root.erofs ./rootfs          # a directory
  nix-store -qR ./result | ts-mkerofs --closure=- - | ssh host 'cat > store.erofs'

Exit status: 0 for success, 1 where the image could not be built, 2 for a command line that cannot be understood,
128 + N when signal N interrupted. Unless it is 0, an IMAGE that is a file is as it was before
(but for a report that cannot be printed: then the image is complete).
`;
