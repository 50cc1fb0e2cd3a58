// The C libraries that our codecs stand beside, on the same files in the same pieces: for bench/codec.mjs, which compiles
// this. Libraries are opened by name and their functions declared here, so that no headers are needed; one that is
// missing is left out.
//   codec-peers FILES.bin FILES.idx PASSES NAME,LEVEL ...
// What has no fixed-output function is searched for as mkfs.erofs 1.9.3 does it: see lib/compressor_libdeflate.c and
// lib/compressor_libzstd.c there.
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define AHEAD (1 << 20)
#define ROOM (2 << 20)

static uint8_t *input, output[ROOM], best[ROOM];
static uint32_t *sizes;
static size_t inputLen, files;
static int level;
static void *state;

static int (*z_compress2)(uint8_t *, unsigned long *, const uint8_t *, unsigned long, int);
static void *(*ld_alloc)(int);
static size_t (*ld_compress)(void *, const void *, size_t, void *, size_t);
static size_t (*ld_zlib)(void *, const void *, size_t, void *, size_t);
static void *(*zs_create)(void);
static size_t (*zs_set)(void *, int, int);
static size_t (*zs_compress2)(void *, void *, size_t, const void *, size_t);
static unsigned (*zs_isError)(size_t);
static int (*xz_preset)(void *, uint32_t);
static int (*xz_stream)(const void *, int, const void *, const uint8_t *, size_t, uint8_t *, size_t *, size_t);
static int (*xz_micro)(void *, const void *);
static int (*xz_code)(void *, int);
static void (*xz_end)(void *);
static int (*lz_dest)(const char *, char *, int *, int);
static int (*lz_default)(const char *, char *, int, int);
static int (*lzhc_dest)(void *, const char *, char *, int *, int, int);
static int (*lzhc_compress)(void *, const char *, char *, int, int, int);

/** Compresses `n` bytes to at most `room`; 0 if they do not fit. */
typedef size_t (*Compress)(const uint8_t *from, size_t n, uint8_t *to, size_t room);
/** Compresses as much of `*n` bytes as fits into `room`. */
typedef size_t (*Fill)(const uint8_t *from, size_t *n, size_t room);

static size_t zlibBlock(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  unsigned long size = room;
  return z_compress2(to, &size, from, n, level) == 0 ? size : 0;
}
static size_t deflateBlock(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  return ld_compress(state, from, n, to, room);
}
static size_t deflateZlibBlock(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  return ld_zlib(state, from, n, to, room);
}
static size_t zstdBlock(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  size_t size = zs_compress2(state, to, room, from, n);
  return zs_isError(size) ? 0 : size;
}
static size_t lz4Block(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  return level == 0 ? lz_default((const char *)from, (char *)to, n, room)
                    : lzhc_compress(state, (const char *)from, (char *)to, n, room, level);
}
static size_t lz4Fill(const uint8_t *from, size_t *n, size_t room) {
  int size = *n;
  int out = level == 0 ? lz_dest((const char *)from, (char *)output, &size, room)
                       : lzhc_dest(state, (const char *)from, (char *)output, &size, room, level);
  *n = size;
  return out;
}

/** lzma_options_lzma, of which the first field is the dictionary; lzma_filter; what lzma_stream begins with. */
static uint32_t xzOptions[64];
static struct { uint64_t id; void *options; } xzFilters[2] = {{0x21, xzOptions}, {UINT64_MAX, 0}};
struct XzStream {
  const uint8_t *in;
  size_t inLen;
  uint64_t inTotal;
  uint8_t *out;
  size_t outLen;
  uint64_t outTotal;
  void *rest[32];
};
static size_t xzBlock(const uint8_t *from, size_t n, uint8_t *to, size_t room) {
  size_t size = 0;
  return xz_stream(xzFilters, 1, 0, from, n, to, &size, room) == 0 ? size : 0;
}
static size_t lzmaFill(const uint8_t *from, size_t *n, size_t room) {
  struct XzStream stream = {from, *n, 0, output, room};
  int result = xz_micro(&stream, xzOptions) || xz_code(&stream, 3) != 1;
  *n = stream.inTotal;
  xz_end(&stream);
  return result ? 0 : stream.outTotal;
}

/** The search of mkfs.erofs: `enough` bytes may be left. */
static size_t lastFit;
static size_t search(Compress compress, const uint8_t *from, size_t *n, size_t room, size_t enough, size_t more) {
  size_t l = 0, lSize = 0, r = *n + 1, m = lastFit ? lastFit * 15 / 16 : room * 4;
  for (;;) {
    m = m > l + 1 ? m : l + 1;
    m = m < r - 1 ? m : r - 1;
    size_t size = compress(from, m, output, room + more);
    if (size > 0 && size <= room) {
      memcpy(best, output, size);
      l = m;
      lSize = size;
      if (r <= l + 1 || size + enough >= room) break;
      m = room * m / size;
    } else {
      r = m;
      if (r <= l + 1) break;
      m = (l + r) / 2;
    }
  }
  *n = l;
  return lSize;
}
static size_t deflateFill(const uint8_t *from, size_t *n, size_t room) {
  size_t size = search(deflateBlock, from, n, room, level < 11 ? 22 - 2 * level : 0, 9);
  lastFit = *n;
  return size;
}
static size_t zstdFill(const uint8_t *from, size_t *n, size_t room) {
  return search(zstdBlock, from, n, room, 1, 32);
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/** Fixed output of `room` bytes with `fill`, or blocks of `room` bytes of input with `compress`. */
static void run(const char *name, const char *kind, Compress compress, Fill fill, size_t room, int passes) {
  double time = 1e9;
  size_t bytes = 0, calls = 0;
  for (int pass = 0; pass < passes; pass++) {
    double start = now();
    const uint8_t *file = input;
    bytes = calls = 0;
    for (size_t f = 0; f < files; file += sizes[f++]) {
      lastFit = 0;
      for (size_t at = 0; at < sizes[f]; calls++) {
        size_t n = sizes[f] - at, most = fill ? AHEAD : room, size;
        if (n > most) n = most;
        if (fill) size = fill(file + at, &n, room);
        else size = compress(file + at, n, output, n);
        bytes += size ? size : n;
        at += n;
      }
    }
    double used = now() - start;
    if (used < time) time = used;
  }
  char speed[40];
  snprintf(speed, sizeof speed, "%.1f MB/s", inputLen / time / 1e6);
  printf("%-14s %-10s %12s  x%.4f  %zu bytes in %zu pieces\n", name, kind, speed, (double)inputLen / bytes, bytes, calls);
  fflush(stdout);
}

static void *readAll(const char *path, size_t *size) {
  FILE *file = fopen(path, "rb");
  if (!file) exit(1);
  fseek(file, 0, SEEK_END);
  *size = ftell(file);
  rewind(file);
  void *bytes = malloc(*size + 64);
  if (!bytes || fread(bytes, 1, *size, file) != *size) exit(1);
  fclose(file);
  return bytes;
}

#define OPEN(lib, function, symbol) (*(void **)&function = dlsym(lib, symbol))

int main(int argc, char **argv) {
  size_t idxLen;
  if (argc < 4) return 2;
  input = readAll(argv[1], &inputLen);
  sizes = readAll(argv[2], &idxLen);
  files = idxLen / 4;
  int passes = atoi(argv[3]);
  void *z = dlopen("libz.so.1", RTLD_NOW), *ld = dlopen("libdeflate.so.0", RTLD_NOW);
  void *zs = dlopen("libzstd.so.1", RTLD_NOW), *lz = dlopen("liblz4.so.1", RTLD_NOW);
  void *xz = dlopen("liblzma.so.5", RTLD_NOW);
  if (z) OPEN(z, z_compress2, "compress2");
  if (ld) {
    OPEN(ld, ld_alloc, "libdeflate_alloc_compressor");
    OPEN(ld, ld_compress, "libdeflate_deflate_compress");
    OPEN(ld, ld_zlib, "libdeflate_zlib_compress");
  }
  if (zs) {
    OPEN(zs, zs_create, "ZSTD_createCCtx");
    OPEN(zs, zs_set, "ZSTD_CCtx_setParameter");
    OPEN(zs, zs_compress2, "ZSTD_compress2");
    OPEN(zs, zs_isError, "ZSTD_isError");
  }
  if (lz) {
    OPEN(lz, lz_dest, "LZ4_compress_destSize");
    OPEN(lz, lz_default, "LZ4_compress_default");
    OPEN(lz, lzhc_dest, "LZ4_compress_HC_destSize");
    OPEN(lz, lzhc_compress, "LZ4_compress_HC_extStateHC");
  }
  if (xz) {
    OPEN(xz, xz_preset, "lzma_lzma_preset");
    OPEN(xz, xz_stream, "lzma_stream_buffer_encode");
    OPEN(xz, xz_micro, "lzma_microlzma_encoder");
    OPEN(xz, xz_code, "lzma_code");
    OPEN(xz, xz_end, "lzma_end");
  }
  for (int i = 4; i < argc; i++) {
    const char *comma = strchr(argv[i], ',');
    level = comma ? atoi(comma + 1) : 0;
    char name[40];
    snprintf(name, sizeof name, "C %s", argv[i]);
    Compress block = 0;
    Fill fill = 0;
    int windowBits = 0;
    if (!strncmp(argv[i], "lz4", 3) && lz) {
      block = lz4Block;
      fill = lz4Fill;
      state = malloc(1 << 20);
    } else if (!strncmp(argv[i], "deflate", 7) && ld) {
      block = deflateBlock;
      fill = deflateFill;
      state = ld_alloc(level);
    } else if (!strncmp(argv[i], "zlib", 4) && z) {
      block = zlibBlock;
    } else if (!strncmp(argv[i], "zstd", 4) && zs) {
      block = zstdBlock;
      fill = zstdFill;
      windowBits = 20;
    } else if (!strncmp(argv[i], "xz", 2) && xz) {
      block = xzBlock;
    } else if (!strncmp(argv[i], "lzma", 4) && xz) {
      fill = lzmaFill;
    } else continue;
    // a window of eight pclusters, as mkfs.erofs has it; zstd's parameter 100 is the level, 101 the window
    for (int kind = 0; kind < 4; kind++) {
      size_t room = kind == 0 ? 4096 : kind == 1 ? 65536 : kind == 2 ? 131072 : 1 << 20;
      if (kind < 2 ? !fill : !block || (kind == 3 && block != xzBlock)) continue;
      if (xz) xz_preset(xzOptions, level < 100 ? level : (level - 100) | 0x80000000);
      xzOptions[0] = kind < 2 ? (room < 8192 ? 32768 : 4 * room) : room;
      if (windowBits) {
        state = zs_create();
        zs_set(state, 100, level);
        if (kind < 2) zs_set(state, 101, kind == 0 ? 15 : 19);
      }
      const char *kinds[] = {"4 KiB out", "64 KiB out", "128 KiB in", "1 MiB in"};
      run(name, kinds[kind], block, kind < 2 ? fill : 0, room, passes);
    }
    if (block == zlibBlock && ld) {
      state = ld_alloc(level);
      snprintf(name, sizeof name, "C libdeflate,%d", level);
      run(name, "128 KiB in", deflateZlibBlock, 0, 131072, passes);
    }
  }
  return 0;
}
