# What stdenv does before a derivation's own command: attributes become variables, all cores are counted, SOURCE_DATE_EPOCH
# is 1980. Run by bash -e.
if [ -e .attrs.sh ]; then
  . ./.attrs.sh
  out=${outputs[out]}
fi
export PATH HOME=$PWD SOURCE_DATE_EPOCH=315532800
if [ "$NIX_BUILD_CORES" = 0 ]; then NIX_BUILD_CORES=$(nproc); fi
export NIX_BUILD_CORES
eval "$buildCommand"
# else the shell would become its last program, which closes standard error before it ends, and Nix kills a builder that does
exit
