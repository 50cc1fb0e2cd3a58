# What nix/ and flake.nix use of nixpkgs' lib, with the meaning that it has there. Options and values of modules are only
# marked; modules.nix tells what they come to.
rec {
  importJSON = path: builtins.fromJSON (builtins.readFile path);
  optional = condition: value: if condition then [ value ] else [ ];
  optionalString = condition: text: if condition then text else "";
  concatMapStrings = f: list: builtins.concatStringsSep "" (map f list);
  hasPrefix = prefix: text: builtins.substring 0 (builtins.stringLength prefix) text == prefix;
  genAttrs =
    names: f:
    builtins.listToAttrs (
      map (name: {
        inherit name;
        value = f name;
      }) names
    );

  licenses.mit.spdxId = "MIT";

  fileset = {
    unions = map (
      path: if builtins.pathExists path then path else throw "${toString path} does not exist"
    );
    toSource =
      { root, fileset }:
      let
        isPart =
          path: part:
          path == toString part
          || hasPrefix "${toString part}/" path
          || hasPrefix "${path}/" (toString part);
      in
      builtins.path {
        path = root;
        name = "source";
        filter = path: _type: builtins.any (isPart path) fileset;
      };
  };

  types.bool = "bool";
  mkOption = option: option // { _type = "option"; };
  mkIf = condition: content: {
    _type = "if";
    inherit condition content;
  };
  mkOverride = priority: content: {
    _type = "override";
    inherit priority content;
  };
  mkForce = mkOverride 50;
  mkDefault = mkOverride 1000;

  # a system is what it is made of
  nixosSystem = arguments: arguments;
}
