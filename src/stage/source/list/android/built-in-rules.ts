/**
 * What Android itself has paths be, wherever no file says otherwise: a list of facts, as libcutils of Android 16 has them
 * (system/core/libcutils/fs_config.cpp), of 64-bit hosts. Of several that match the first counts.
 *
 *     MODE UID GID CAPABILITIES PATTERN...
 */
import type { AndroidRule } from "./fs-config.ts";

const DIRECTORIES = `
0770 1000 2001 0 cache
0555 0 0 0 config
0771 1000 1000 0 data/app data/app-private data/app-ephemeral
0771 0 0 0 data/dalvik-cache
0771 1000 1000 0 data/data
0771 2000 2000 0 data/local/tmp data/local
0770 1014 1014 0 data/misc/dhcp
0771 1037 1037 0 data/misc/shared_relro
1771 1000 9998 0 data/misc
0775 1023 1023 0 data/media/Music data/media
0775 0 0 0 data/preloads
0771 1000 1000 0 data
0755 0 1000 0 mnt
0751 0 2000 0 product/bin
0777 0 0 0 sdcard
0751 0 1028 0 storage
0751 0 2000 0 system/bin
0755 0 0 0 system/etc/ppp
0755 0 2000 0 system/vendor
0750 0 2000 0 system/xbin
0751 0 2000 0 system_ext/bin vendor/bin
0755 0 2000 0 vendor
`;

const FILES = `
0644 1000 1000 0 data/app/* data/app-ephemeral/* data/app-private/*
0644 10000 10000 0 data/data/*
0644 1023 1023 0 data/media/*
0600 0 0 0 default.prop system/etc/prop.default odm/build.prop odm/default.prop odm/etc/build.prop
0444 0 0 0 odm/etc/fs_config_dirs odm/etc/fs_config_files oem/etc/fs_config_dirs oem/etc/fs_config_files
0600 0 0 0 product/build.prop
0444 0 0 0 product/etc/fs_config_dirs product/etc/fs_config_files
0600 0 0 0 system_ext/build.prop
0444 0 0 0 system_ext/etc/fs_config_dirs system_ext/etc/fs_config_files
0755 0 2000 0 system/bin/crash_dump32 system/bin/crash_dump64 system/bin/debuggerd
0550 1036 1036 0 system/bin/logd
0700 0 0 0 system/bin/secilc
0750 0 0 0 system/bin/uncrypt
0600 0 0 0 system/build.prop
0444 0 0 0 system/etc/fs_config_dirs system/etc/fs_config_files
0440 0 2000 0 system/etc/init.goldfish.rc
0550 0 2000 0 system/etc/init.goldfish.sh system/etc/init.ril
0555 0 0 0 system/etc/ppp/* system/etc/rc.*
0750 0 0 0 vendor/bin/install-recovery.sh
0600 0 0 0 vendor/build.prop vendor/default.prop
0440 0 0 0 vendor/etc/recovery.img
0444 0 0 0 vendor/etc/fs_config_dirs vendor/etc/fs_config_files
6755 0 0 0 system/xbin/procmem
4750 0 2000 0 system/xbin/su
0700 1000 2000 0x1000000000 system/bin/inputflinger
0750 0 2000 0xc0 system/bin/run-as system/bin/simpleperf_app_runner
0755 0 0 0 first_stage_ramdisk/system/bin/e2fsck first_stage_ramdisk/system/bin/linker64
0755 0 0 0 first_stage_ramdisk/system/bin/resize2fs first_stage_ramdisk/system/bin/snapuserd
0755 0 0 0 first_stage_ramdisk/system/bin/snapuserd_ramdisk first_stage_ramdisk/system/bin/tune2fs
0755 0 0 0 first_stage_ramdisk/system/bin/fsck.f2fs bin/* first_stage.sh
0640 0 2000 0 fstab.*
0750 0 2000 0 init*
0644 0 0 0 *.rc
0755 0 2000 0 odm/bin/*
0644 0 0 0 odm/framework/* odm/app/* odm/priv-app/*
0755 0 2000 0 product/bin/*
0644 0 0 0 product/framework/* product/app/* product/priv-app/*
0755 0 2000 0 system/bin/* system/xbin/*
0644 0 0 0 system/framework/* system/app/* system/priv-app/*
0755 0 2000 0 system_ext/bin/*
0644 0 0 0 system_ext/framework/* system_ext/app/* system_ext/priv-app/*
0755 0 2000 0 vendor/bin/* vendor/xbin/*
0644 0 0 0 vendor/framework/* vendor/app/* vendor/priv-app/*
`;

/** Rules for directories. */
export const ANDROID_DIRECTORIES: readonly AndroidRule[] = parse(DIRECTORIES);

/** Rules for everything else. */
export const ANDROID_FILES: readonly AndroidRule[] = parse(FILES);

function parse(text: string): AndroidRule[] {
  return text
    .trim()
    .split("\n")
    .flatMap((line) => {
      const [mode, uid, gid, capabilities, ...patterns] = line.split(" ") as [string, string, string, string];
      const what = { mode: Number.parseInt(mode, 8), uid: Number(uid), gid: Number(gid) };
      return patterns.map((pattern: string) => ({ ...what, capabilities: BigInt(capabilities), pattern }));
    });
}
