# The package, with its dependencies as package-lock.json pins them: each is fetched by the hash that stands there, so there
# is no hash to keep here, and npm asks no network.
#   pkgs.callPackage ./nix/package.nix { }
{
  lib,
  stdenv,
  buildNpmPackage,
  importNpmLock,
  installShellFiles,
  nodejs,
}:

let
  manifest = lib.importJSON ../package.json;
  # what building reads and no more, so that no change of tests, benchmarks or pages builds anew
  src = lib.fileset.toSource {
    root = ../.;
    fileset = lib.fileset.unions [
      ../LICENSE
      ../NOTICE
      ../README.md
      ../docs/manifest.schema.json
      ../docs/report.md
      ../package-lock.json
      ../package.json
      ../scripts
      ../src
      ../tsconfig.build.json
      ../tsconfig.json
    ];
  };

  lock = lib.importJSON ../package-lock.json;
  # the lock file names no registry, as a package is the same by its hash wherever it comes from; fetching asks that of npm
  withRegistry =
    path: module:
    let
      name = module.name or (builtins.head (builtins.match ".*node_modules/(.+)" path));
    in
    if path == "" || module ? resolved then
      module
    else
      module
      // {
        resolved = "https://registry.npmjs.org/${name}/-/${baseNameOf name}-${module.version}.tgz";
      };
in
buildNpmPackage {
  pname = manifest.name;
  inherit (manifest) version;
  inherit src nodejs;

  npmDeps = importNpmLock {
    package = manifest;
    packageLock = lock // {
      packages = builtins.mapAttrs withRegistry lock.packages;
    };
  };
  inherit (importNpmLock) npmConfigHook;
  # else `npm pack`, which tells what is to be installed, would build once more
  npmPackFlags = [ "--ignore-scripts" ];

  nativeBuildInputs = [ installShellFiles ];
  postInstall =
    ''
      installManPage dist/man/*.1
    ''
    + lib.optionalString (stdenv.buildPlatform.canExecute stdenv.hostPlatform) (
      lib.concatMapStrings (command: ''
        installShellCompletion --cmd ${command} \
          --bash <($out/bin/${command} --completion=bash) \
          --fish <($out/bin/${command} --completion=fish) \
          --zsh <($out/bin/${command} --completion=zsh)
      '') (builtins.attrNames manifest.bin)
    );

  meta = {
    inherit (manifest) description;
    license = lib.licenses.mit;
    mainProgram = "ts-mkerofs";
  };
}
