{
  description = "Writes EROFS and SquashFS images from Nix closures and directories, in pure TypeScript";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixos-unstable";

  outputs =
    { nixpkgs, ... }:
    let
      inherit (nixpkgs) lib;
      systems = [
        "x86_64-linux"
        "aarch64-linux"
        "x86_64-darwin"
        "aarch64-darwin"
      ];
      eachSystem = f: lib.genAttrs systems (system: f nixpkgs.legacyPackages.${system});
      package = pkgs: pkgs.callPackage ./nix/package.nix { };
      commands = builtins.attrNames (lib.importJSON ./package.json).bin;
    in
    {
      packages = eachSystem (pkgs: rec {
        ts-mkerofs = package pkgs;
        default = ts-mkerofs;
      });

      # nix run .#ts-mksquashfs -- …
      apps = eachSystem (
        pkgs:
        lib.genAttrs commands (command: {
          type = "app";
          program = "${package pkgs}/bin/${command}";
        })
      );

      overlays.default = import ./nix/overlay.nix;

      nixosModules = {
        microvm = ./nix/microvm.nix;
        qemu-vm = ./nix/qemu-vm.nix;
      };
    };
}
