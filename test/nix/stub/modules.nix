# What a module's `config` comes to: conditions hold or do not, and a value that is forced, or a default, is the value.
let
  resolve =
    value:
    let
      kind = value._type or null;
    in
    if !builtins.isAttrs value || (value.type or null) == "derivation" then
      value
    else if kind == "if" then
      (if value.condition then resolve value.content else { })
    else if kind == "override" then
      resolve value.content
    else
      builtins.mapAttrs (_name: resolve) value;
in
resolve
