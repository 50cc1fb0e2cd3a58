# A module for NixOS VMs (virtualisation/qemu-vm.nix): with virtualisation.useTsMkerofsStoreImage the store is an EROFS image
# that ts-mkerofs makes of the closure when the VM starts. It stands in for virtualisation.useNixStoreImage, which does that
# through tar and mkfs.erofs, and which no option can have do it otherwise.
{ config, lib, ... }:

let
  cfg = config.virtualisation;
  hostPkgs = cfg.host.pkgs;
  label = "nix-store";

  # what qemu-vm.nix tells the guest of
  regInfo = hostPkgs.closureInfo { rootPaths = cfg.additionalPaths; };
  closure = hostPkgs.closureInfo {
    rootPaths = [
      config.system.build.toplevel
      regInfo
    ];
  };

  # makes the image $1, and prints its path for the command line of QEMU; without an image there is none, and no VM
  makeStoreImage = hostPkgs.writeShellScript "make-nix-store-image" ''
    set -e
    ${import ./erofs-store-image.nix {
      inherit hostPkgs label;
      storePaths = "${closure}/store-paths";
      destination = ''"$1"'';
    }}
    echo "$1"
  '';
in
{
  options.virtualisation.useTsMkerofsStoreImage = lib.mkOption {
    type = lib.types.bool;
    default = false;
    description = ''
      Use a disk image for the Nix store, which ts-mkerofs builds of the closure right before the VM is started,
      instead of accessing the store of the host.
    '';
  };

  config = lib.mkIf cfg.useTsMkerofsStoreImage {
    assertions = [
      {
        assertion = !cfg.useNixStoreImage;
        message = "virtualisation.useTsMkerofsStoreImage takes the place of virtualisation.useNixStoreImage: one of both.";
      }
    ];

    virtualisation.mountHostNixStore = lib.mkDefault false;

    # the script that starts the VM evaluates this word
    virtualisation.qemu.drives = [
      {
        name = label;
        file = ''"$(${makeStoreImage} "$TMPDIR/store.img")"'';
        deviceExtraOpts.bootindex = "2";
        driveExtraOpts.format = "raw";
      }
    ];

    virtualisation.fileSystems = {
      "/nix/.ro-store" = {
        device = "/dev/disk/by-label/${label}";
        fsType = "erofs";
        neededForBoot = true;
        options = [ "ro" ];
      };
      "/nix/store" =
        if cfg.writableStore then
          {
            overlay = {
              lowerdir = [ "/nix/.ro-store" ];
              upperdir = "/nix/.rw-store/upper";
              workdir = "/nix/.rw-store/work";
            };
          }
        else
          {
            device = "/nix/.ro-store";
            options = [ "bind" ];
          };
    };
  };
}
