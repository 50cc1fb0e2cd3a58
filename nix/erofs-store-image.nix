# What packs a closure into an EROFS image, as lines of shell: in the place of nixos/lib/erofs-store-image.nix, with its
# arguments. The paths are read where they are; no tar archive of them passes through a pipe.
{
  # has ts-mkerofs by the overlay, or else what it takes to build it
  hostPkgs,
  # a file that lists the store paths, one a line
  storePaths,
  # label of the filesystem
  label,
  # word of the shell that the image is written to
  destination,
}:
let
  ts-mkerofs = hostPkgs.ts-mkerofs or (hostPkgs.callPackage ./package.nix { });
in
# owner root and no hard links are a closure's own; the UUID is the one that such images have had before
''
  ${ts-mkerofs}/bin/ts-mkerofs \
    --quiet \
    --closure=${storePaths} \
    -L ${label} \
    -U eb176051-bd15-49b7-9e6b-462e0b467019 \
    -T 0 \
    ${destination}
''
