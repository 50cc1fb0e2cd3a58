# A module for guests of microvm.nix: their store disk (microvm.storeOnDisk) is made by this package, of the store paths
# where they are, without bubblewrap and without a copy of them. microvm.storeDiskType, storeDiskErofsFlags and
# storeDiskSquashfsFlags mean what they mean there.
{
  config,
  lib,
  pkgs,
  ...
}:

let
  inherit (config.microvm) storeDiskType storeDiskErofsFlags storeDiskSquashfsFlags;
  inherit (pkgs) buildPackages;
  ts-mkerofs = buildPackages.ts-mkerofs or (buildPackages.callPackage ./package.nix { });

  inherit (config.system.build) toplevel;
  # the one by which microvm.nix has the guest register its closure
  regInfo = pkgs.closureInfo { rootPaths = [ toplevel ]; };
  closure = pkgs.closureInfo {
    rootPaths = [ toplevel ] ++ lib.optional config.nix.enable regInfo;
  };

  # flags are words of a shell there too: --workers=$NIX_BUILD_CORES
  command =
    {
      erofs = ''
        ts-mkerofs ${toString storeDiskErofsFlags} --closure=${closure} -T 0 -L nix-store \
          --mount-point=/nix/store $out
      '';
      squashfs = ''
        ts-gensquashfs ${toString storeDiskSquashfsFlags} --closure=${closure} -q $out
      '';
    }
    .${storeDiskType};
in
{
  config = lib.mkIf (config.microvm.guest.enable && config.microvm.storeOnDisk) {
    microvm.storeDisk = lib.mkForce (
      buildPackages.runCommandLocal "microvm-store-disk.${storeDiskType}" {
        nativeBuildInputs = [ ts-mkerofs ];
        passthru = { inherit regInfo; };
        # paths that stand in the image are not needed beside it
        __structuredAttrs = true;
        unsafeDiscardReferences.out = true;
      } command
    );
  };
}
