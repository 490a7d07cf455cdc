import type { HostInterface } from "../../component/host-interface.ts";
import type { HostState } from "../state.ts";

/** What to do about the interfaces of Spin 4. */
export const ASYNCHRONOUS: string =
  "the interfaces of Spin 4 are asynchronous, which this executor does not have: build with an SDK for Spin 3 (spin-sdk 5 for Rust)";
export const DATABASE: string =
  "MySQL and PostgreSQL are not offered: use SQLite, or sockets with a driver of your own";

export const MODELS: string = "models are not offered: send requests to a model's server with wasi:http";
export const MQTT: string = "MQTT is not offered: use wasi:sockets with a client of your own";

/** What Spin offers and we do not: a component that imports a function of it is refused with the reason. */
const REFUSED: Readonly<Record<string, string>> = {
  "fermyon:spin/llm@2.0.0": MODELS,
  "fermyon:spin/llm": MODELS,
  "fermyon:spin/mqtt@2.0.0": MQTT,
  "fermyon:spin/mysql@2.0.0": DATABASE,
  "fermyon:spin/mysql": DATABASE,
  "fermyon:spin/postgres@2.0.0": DATABASE,
  "fermyon:spin/postgres": DATABASE,
  "spin:postgres/postgres@3.0.0": DATABASE,
  "spin:postgres/postgres@4.0.0": DATABASE,
  "spin:mysql/mysql@3.0.0": ASYNCHRONOUS,
  "spin:mqtt/mqtt@3.0.0": ASYNCHRONOUS,
  "spin:redis/redis@3.0.0": ASYNCHRONOUS,
  "spin:key-value/key-value@3.0.0": ASYNCHRONOUS,
  "spin:variables/variables@3.0.0": ASYNCHRONOUS,
  "wasi:http/handler@0.3.0": ASYNCHRONOUS,
};

/** Of WASI before its release, for which the first SDKs of Spin 2 build. */
const DRAFTS = ["0.2.0-rc-2023-11-10", "0.2.0-rc-2023-10-18"];
const DRAFT_INTERFACES = ["wasi:http/types", "wasi:http/outgoing-handler", "wasi:io/streams", "wasi:cli/environment"];
const DRAFT = "drafts of WASI 0.2 are not offered: build with a newer SDK";

export const refusedInterfaces: readonly HostInterface<HostState>[] = [
  ...Object.entries(REFUSED),
  ...DRAFTS.flatMap((version) => DRAFT_INTERFACES.map((name) => [`${name}@${version}`, DRAFT] as const)),
].map(refusedInterface);

function refusedInterface([fullName, advice]: readonly [fullName: string, advice: string]): HostInterface<HostState> {
  const [name = "", version] = fullName.split("@");
  return { name, version, functions: {}, resources: {}, advice };
}
