/** What a component may have at most. A component that asks for more is refused before anything of it runs. */
export const LIMITS = {
  componentBytes: 256 * 1024 * 1024,
  /** Components within components, and types within types. */
  nesting: 24,
  /** Definitions of one component, all nested ones included. */
  definitions: 200_000,
  nameBytes: 10_000,
  params: 1_000,
  /** Fields of a record, cases of a variant or enum, elements of a tuple. */
  members: 10_000,
  flags: 32,
  /** Nodes of a value type when it is written out in full. */
  typeNodes: 20_000,
  /** How deep types are nested by what they refer to. */
  typeDepth: 100,
  componentInstances: 500,
  coreModules: 500,
  coreInstances: 1_000,
  /** Of all core instances together. */
  memories: 100,
  tables: 100,
  /** At the begin, of all tables together. */
  tableElements: 1_000_000,
  /** To which a table can grow that does not begin larger. */
  grownTable: 100_000,
  /** Open handles of one component instance. */
  handles: 1_000_000,
  /** Bytes of one string or list that crosses a component's border. */
  valueBytes: 1024 * 1024 * 1024 - 1,
} as const;
