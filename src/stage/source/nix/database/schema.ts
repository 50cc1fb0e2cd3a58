/**
 * The tables of Nix's database, schema 10, as Nix 2.8 creates them (src/libstore/schema.sql) and newer ones open them.
 * Their text is part of the database: `.dump` shows it.
 */

/** What `/nix/var/nix/db/schema` holds. */
export const SCHEMA_VERSION = "10";

/** A row of SQLite's own table: a table, an index or a trigger, in the order in which Nix makes them. */
export interface SchemaItem {
  type: "table" | "index" | "trigger";
  name: TreeName | "DeleteSelfRefs";
  table: string;
  /** Null for the index that a `unique` or a `primary key` has. */
  sql: string | null;
}

const VALID_PATHS = `CREATE TABLE ValidPaths (
    id               integer primary key autoincrement not null,
    path             text unique not null,
    hash             text not null,
    registrationTime integer not null,
    deriver          text,
    narSize          integer,
    ultimate         integer, -- null implies "false"
    sigs             text, -- space-separated
    ca               text -- if not null, an assertion that the path is content-addressed; see ValidPathInfo
)`;

const REFS = `CREATE TABLE Refs (
    referrer  integer not null,
    reference integer not null,
    primary key (referrer, reference),
    foreign key (referrer) references ValidPaths(id) on delete cascade,
    foreign key (reference) references ValidPaths(id) on delete restrict
)`;

const DELETE_SELF_REFS = `CREATE TRIGGER DeleteSelfRefs before delete on ValidPaths
  begin
    delete from Refs where referrer = old.id and reference = old.id;
  end`;

const DERIVATION_OUTPUTS = `CREATE TABLE DerivationOutputs (
    drv  integer not null,
    id   text not null, -- symbolic output id, usually "out"
    path text not null,
    primary key (drv, id),
    foreign key (drv) references ValidPaths(id) on delete cascade
)`;

/** Tables and indices: what has a tree of pages. */
export type TreeName =
  | "ValidPaths"
  | "sqlite_autoindex_ValidPaths_1"
  | "sqlite_sequence"
  | "Refs"
  | "sqlite_autoindex_Refs_1"
  | "IndexReferrer"
  | "IndexReference"
  | "DerivationOutputs"
  | "sqlite_autoindex_DerivationOutputs_1"
  | "IndexDerivationOutputs";

/** Everything that is in the database. Tables and indices have trees, whose roots are pages 2 and on, in this order. */
export const SCHEMA: readonly SchemaItem[] = [
  { type: "table", name: "ValidPaths", table: "ValidPaths", sql: VALID_PATHS },
  { type: "index", name: "sqlite_autoindex_ValidPaths_1", table: "ValidPaths", sql: null },
  { type: "table", name: "sqlite_sequence", table: "sqlite_sequence", sql: "CREATE TABLE sqlite_sequence(name,seq)" },
  { type: "table", name: "Refs", table: "Refs", sql: REFS },
  { type: "index", name: "sqlite_autoindex_Refs_1", table: "Refs", sql: null },
  { type: "index", name: "IndexReferrer", table: "Refs", sql: "CREATE INDEX IndexReferrer on Refs(referrer)" },
  { type: "index", name: "IndexReference", table: "Refs", sql: "CREATE INDEX IndexReference on Refs(reference)" },
  { type: "trigger", name: "DeleteSelfRefs", table: "ValidPaths", sql: DELETE_SELF_REFS },
  { type: "table", name: "DerivationOutputs", table: "DerivationOutputs", sql: DERIVATION_OUTPUTS },
  { type: "index", name: "sqlite_autoindex_DerivationOutputs_1", table: "DerivationOutputs", sql: null },
  {
    type: "index",
    name: "IndexDerivationOutputs",
    table: "DerivationOutputs",
    sql: "CREATE INDEX IndexDerivationOutputs on DerivationOutputs(path)",
  },
];
