import type { HostFunction, HostInterface } from "../../component/host-interface.ts";
import { errOf } from "../results.ts";
import type { HostState } from "../state.ts";
import { DATABASE, MODELS, MQTT } from "./refused.ts";

/**
 * The SDKs for Python and for JavaScript (Spin 2) make components that import all of Spin, whether or not they use it.
 * Whoever imports these four does not say which of them it needs.
 */
const EVERYTHING = ["llm", "mqtt", "mysql", "postgres"].map((name) => `fermyon:spin/${name}@2.0.0`);

/** What is not offered, for components that import everything: each function says so with an error of its interface. */
const placeholders: readonly HostInterface<HostState>[] = [
  placeholder("fermyon:spin/llm", "2.0.0", answering("runtime-error", MODELS, ["infer", "generate-embeddings"])),
  connections("fermyon:spin/mqtt", "2.0.0", MQTT, ["publish"]),
  connections("fermyon:spin/mysql", "2.0.0", DATABASE, ["query", "execute"]),
  connections("fermyon:spin/postgres", "2.0.0", DATABASE, ["query", "execute"]),
  connections("spin:postgres/postgres", "3.0.0", DATABASE, ["query", "execute"]),
  connections("spin:postgres/postgres", "4.0.0", DATABASE, ["query", "execute"]),
];

/** The placeholders for a component with these imports: none if it imports only what it needs, for then it is refused. */
export function placeholdersFor(imported: ReadonlySet<string>): readonly HostInterface<HostState>[] {
  return EVERYTHING.every((name) => imported.has(name)) ? placeholders : [];
}

type Functions = Readonly<Record<string, HostFunction<HostState>>>;

function placeholder(name: string, version: string, functions: Functions): HostInterface<HostState> {
  return { name, version, functions, resources: {} };
}

/** Since none can be opened, nobody calls the methods; but they must be there. */
function connections(
  name: string,
  version: string,
  message: string,
  methods: readonly string[],
): HostInterface<HostState> {
  const names = ["[static]connection.open", ...methods.map((method) => `[method]connection.${method}`)];
  const functions = answering("connection-failed", message, names);
  return { ...placeholder(name, version, functions), resources: { connection: {} } };
}

function answering(tag: string, val: string, names: readonly string[]): Functions {
  const answer = errOf({ tag, val });
  return Object.fromEntries(names.map((name) => [name, { call: () => answer }]));
}
