# Puts the package into a nixpkgs: nixpkgs.overlays = [ (import ./nix/overlay.nix) ];
final: _prev: { ts-mkerofs = final.callPackage ./package.nix { }; }
