# In the place of nixpkgs where flake.nix is evaluated.
{
  outputs = _: {
    lib = import ./lib.nix;
    legacyPackages = builtins.listToAttrs (
      map
        (system: {
          name = system;
          value = import ./pkgs.nix {
            inherit system;
            repository = ./.;
            path = "/bin";
          };
        })
        [
          "x86_64-linux"
          "aarch64-linux"
          "x86_64-darwin"
          "aarch64-darwin"
        ]
    );
  };
}
