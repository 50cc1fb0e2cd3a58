# What nix/ and flake.nix use of nixpkgs, small: derivations are built by this machine's bash, Node and tools, without
# network and without a sandbox. `repository` is the clone that is tested: its commands are the package, and what npm would
# install is its node_modules.
{
  system,
  repository,
  # of the programs that builders run
  path,
  # so that nothing is taken from a build of before
  nonce ? "",
}:

let
  lib = import ./lib.nix;
  commands = builtins.attrNames (lib.importJSON (repository + "/package.json")).bin;

  callPackage =
    given: more:
    let
      f = if builtins.isFunction given then given else import given;
    in
    f (builtins.intersectAttrs (builtins.functionArgs f) pkgs // more);

  mkDerivation =
    attributes:
    let
      built = derivation (
        removeAttrs attributes [
          "meta"
          "nativeBuildInputs"
          "passthru"
        ]
        // {
          inherit system;
          name = attributes.name or "${attributes.pname}-${attributes.version}";
          builder = "/bin/bash";
          args = [
            "-e"
            ./build.sh
          ];
          PATH = builtins.concatStringsSep ":" (
            map (input: "${input}/bin") (attributes.nativeBuildInputs or [ ]) ++ [ path ]
          );
        }
      );
    in
    built // (attributes.passthru or { }) // { meta = attributes.meta or { }; };

  runCommandLocal =
    name: attributes: buildCommand:
    mkDerivation (attributes // { inherit name buildCommand; });

  # a folder of programs
  writePrograms =
    name: programs:
    runCommandLocal name { inherit nonce; } (
      "mkdir -p $out/bin\n"
      + lib.concatMapStrings (program: ''
        printf '#!/bin/bash -e\n%s\n' '${programs.${program}}' > $out/bin/${program}
        chmod +x $out/bin/${program}
      '') (builtins.attrNames programs)
    );

  pkgs = {
    inherit lib callPackage runCommandLocal;
    buildPackages = pkgs;
    extend = overlay: pkgs // overlay pkgs pkgs;
    runCommand = runCommandLocal;

    stdenv = {
      inherit mkDerivation;
      hostPlatform = { inherit system; };
      buildPlatform = {
        inherit system;
        canExecute = _platform: true;
      };
    };

    writeShellScript =
      name: text:
      runCommandLocal name { inherit text; } ''
        printf '#!/bin/bash\n%s' "$text" > $out
        chmod +x $out
      '';

    # store-paths and registration, as nixpkgs makes them
    closureInfo =
      { rootPaths }:
      mkDerivation {
        name = "closure-info";
        __structuredAttrs = true;
        exportReferencesGraph.closure = rootPaths;
        buildCommand = ''
          mkdir $out
          node -e '
            const { readFileSync, writeFileSync } = require("node:fs");
            const [out] = process.argv.slice(1);
            const { closure } = JSON.parse(readFileSync(".attrs.json"));
            const lines = closure.map(({ path, narHash, narSize, references }) =>
              [path, narHash, narSize, "", references.length, ...references].join("\n") + "\n");
            writeFileSync(out + "/registration", lines.join(""));
            writeFileSync(out + "/store-paths", closure.map(({ path }) => path + "\n").join(""));
          ' $out
        '';
      };

    ts-mkerofs = writePrograms "ts-mkerofs" (
      lib.genAttrs commands (
        command:
        let
          name = builtins.substring 3 (-1) command;
        in
        ''exec node ${toString repository}/dist/cli/${name}/main.js "$@"''
      )
    );

    # something to pack
    hello = runCommandLocal "hello" { } "mkdir -p $out/bin; echo hello > $out/bin/hello";

    nodejs.name = "nodejs";

    installShellFiles = writePrograms "install-shell-files" {
      installManPage = ''mkdir -p $out/share/man/man1; cp "$@" $out/share/man/man1'';
      # --cmd NAME --SHELL FILE…
      installShellCompletion = ''
        name=$2; shift 2
        while [ $# -gt 0 ]; do
          mkdir -p $out/share/completion/''${1#--}; cat "$2" > $out/share/completion/''${1#--}/$name; shift 2
        done
      '';
    };

    # what would be fetched: {url, hash} by the path that npm puts it at
    importNpmLock = {
      npmConfigHook = "import-npm-lock-hook";
      __functor =
        _self:
        { packageLock, ... }:
        builtins.mapAttrs (_path: module: {
          url = module.resolved;
          hash = module.integrity;
        }) (removeAttrs packageLock.packages [ "" ]);
    };

    # npm's part of nixpkgs, with the clone's node_modules: builds, and installs what npm would pack
    buildNpmPackage =
      {
        npmDeps,
        npmConfigHook,
        npmPackFlags,
        postInstall,
        nativeBuildInputs,
        nodejs,
        ...
      }@attributes:
      mkDerivation (
        removeAttrs attributes [
          "nodejs"
          "npmDeps"
          "npmPackFlags"
        ]
        // {
          inherit nonce;
          passthru = { inherit npmDeps; };
          buildCommand = ''
            cp -r $src build
            chmod -R u+w build
            cd build
            ln -s ${toString repository}/node_modules
            npm run build
            package=$out/lib/node_modules/ts-mkerofs
            npm pack --json --dry-run ${toString npmPackFlags} > ../packed.json
            node -p 'JSON.parse(require("fs").readFileSync("../packed.json"))[0].files.map(({ path }) => path).join("\n")' |
              while read -r file; do mkdir -p $(dirname $package/$file); cp $file $package/$file; done
            mkdir -p $out/bin $package/node_modules
            for name in @zip.js fzstd; do cp -r node_modules/$name $package/node_modules; done
            node -p 'Object.entries(require("./package.json").bin).map((pair) => pair.join(" ")).join("\n")' |
              while read -r name file; do
                printf '#!/bin/sh\nexec node %s "$@"\n' $package/$file > $out/bin/$name
                chmod +x $out/bin/$name
              done
            ${postInstall}
          '';
        }
      );
  };
in
pkgs
