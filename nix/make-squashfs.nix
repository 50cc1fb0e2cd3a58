# A SquashFS image of the closures of some paths: in the place of nixos/lib/make-squashfs.nix, with its arguments. The
# closure is handed over as a list, so it may have any number of paths.
#   pkgs.callPackage ./nix/make-squashfs.nix { storeContents = [ … ]; }
{
  lib,
  stdenv,
  closureInfo,
  callPackage ? null,
  ts-mkerofs ? callPackage ./package.nix { },
  # so that callers may still give it
  squashfsTools ? null,

  # name of the image
  fileName ? "squashfs",
  # the root of the image gets the closures of these
  storeContents ? [ ],
  # definitions of further files, as `-p` of mksquashfs has them
  pseudoFiles ? [ ],
  # paths keep the folders that they lie in, and there is no nix-path-registration
  noStrip ? false,
  # words behind -comp, such as "zstd -Xcompression-level 6"; null: nothing is compressed
  comp ? "xz -Xdict-size 100%",
  # the image lies in a folder that tells Hydra of it
  hydraBuildProduct ? false,
}:

let
  image = if hydraBuildProduct then "$out/${fileName}.squashfs" else "$out";
  where =
    if noStrip then "-store-dir ${builtins.storeDir}" else "-registration nix-path-registration";
in
stdenv.mkDerivation {
  name = "${fileName}${lib.optionalString (!hydraBuildProduct) ".img"}";
  __structuredAttrs = true;

  nativeBuildInputs = [ ts-mkerofs ];

  buildCommand =
    lib.optionalString hydraBuildProduct ''
      mkdir -p $out/nix-support
      echo "file squashfs-image ${image}" >> $out/nix-support/hydra-build-products
    ''
    + ''
      ts-mksquashfs - ${image} \
        -closure ${closureInfo { rootPaths = storeContents; }} ${where} \
        ${lib.concatMapStrings (definition: ''-p "${definition}" '') pseudoFiles}-all-root -b 1048576 \
        ${if comp == null then "-no-compression" else "-comp ${comp}"} -processors $NIX_BUILD_CORES
    '';
}
