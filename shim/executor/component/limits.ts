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
  /** Functions of all core modules together; so many types, so many imports, exports, sections, and so many globals too. */
  coreItems: 200_000,
  /** Of one core module. */
  coreSections: 10_000,
  coreGlobals: 20_000,
  /** Blocks within blocks of a function's code. */
  blockNesting: 50_000,
  coreInstances: 1_000,
  /** Of all core instances together. */
  memories: 100,
  tables: 100,
  /** Memory of a component that has just started, if it is to be kept for all instances to begin with. */
  snapshotBytes: 128 * 1024 * 1024,
  /** At the begin, of all tables together. */
  tableElements: 1_000_000,
  /** To which a table can grow that does not begin larger. */
  grownTable: 100_000,
  /** What an exception of a core module may carry: compilers use one, and a stack has room for 100,000 exceptions. */
  exceptionValues: 8,
  /** Open handles of one component instance. */
  handles: 1_000_000,
  /** Bytes of one string or list that crosses a component's border. */
  valueBytes: 1024 * 1024 * 1024 - 1,
} as const;
