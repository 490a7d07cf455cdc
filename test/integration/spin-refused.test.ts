import { link } from "@rcm/shim/executor/component/link/link";
import { prepare } from "@rcm/shim/executor/component/prepare/prepare";
import { hostInterfacesFor } from "@rcm/shim/executor/host/index";
import { expect } from "chai";
import { componentFromText } from "../guests/component-tools.ts";

const INSTALL_MS = 300_000;

/** A component that calls one function of one interface. */
function calling(interfaceName: string, func: string): string {
  return `(component
    (import "${interfaceName}" (instance $host (export "${func}" (func))))
    (core func $lowered (canon lower (func $host "${func}")))
    (core module $m (import "h" "f" (func)))
    (core instance (instantiate $m (with "h" (instance (export "f" (func $lowered)))))))`;
}

async function refusal(wat: string): Promise<string> {
  const bytes = await componentFromText(wat);
  try {
    const prepared = prepare(bytes);
    link(prepared, hostInterfacesFor(prepared));
  } catch (error) {
    return (error as Error).message;
  }
  return "";
}

describe("what Spin offers and we do not", function () {
  this.timeout(INSTALL_MS);

  const cases: readonly (readonly [interfaceName: string, func: string, advice: string])[] = [
    ["fermyon:spin/llm@2.0.0", "some-function", "send requests to a model's server"],
    ["fermyon:spin/llm", "infer", "send requests to a model's server"],
    ["fermyon:spin/mqtt@2.0.0", "open", "MQTT is not offered: use wasi:sockets"],
    ["fermyon:spin/mysql@2.0.0", "open", "MySQL and PostgreSQL are not offered: use SQLite"],
    ["fermyon:spin/postgres", "query", "MySQL and PostgreSQL are not offered: use SQLite"],
    ["spin:postgres/postgres@3.0.0", "open", "MySQL and PostgreSQL are not offered: use SQLite"],
    ["spin:postgres/postgres@4.2.0", "open", "MySQL and PostgreSQL are not offered: use SQLite"],
    ["spin:key-value/key-value@3.0.0", "open", "build with an SDK for Spin 3"],
    ["spin:variables/variables@3.0.0", "get", "build with an SDK for Spin 3"],
    ["spin:redis/redis@3.0.0", "open", "build with an SDK for Spin 3"],
    ["wasi:http/handler@0.3.0", "handle", "build with an SDK for Spin 3"],
    ["wasi:http/outgoing-handler@0.2.0-rc-2023-11-10", "handle", "build with a newer SDK"],
    ["spin:sqlite/sqlite@3.1.0", "execute-async", "build with an SDK for Spin 3"],
    ["fermyon:spin/key-value@3.0.0", "open", ""],
  ];
  for (const [interfaceName, func, advice] of cases) {
    it(`is refused by its name, with what to do: ${interfaceName}`, async () => {
      const message = await refusal(calling(interfaceName, func));
      expect(message).to.include(`the host does not offer ${interfaceName}#${func}`).and.include(advice);
    });
  }

  it("is refused with the interfaces' names if it is asynchronous", async () => {
    const message = await refusal(`(component
      (import "wasi:io/poll@0.2.6" (instance))
      (import "spin:key-value/key-value@3.0.0" (instance (export "open" (func async)))))`);
    expect(message).to.include("async function types are not supported");
    expect(message).to.include("It names spin:key-value/key-value@3.0.0. Build it for WASI 0.2");
  });

  it("is not refused if nothing of it is called", async () => {
    expect(await refusal('(component (import "fermyon:spin/llm@2.0.0" (instance (export "infer" (func)))))')).to.equal(
      "",
    );
  });

  it("is refused with another type than it has", async () => {
    const message = await refusal(calling("fermyon:spin/variables@2.0.0", "get"));
    expect(message).to.include('it imports "fermyon:spin/variables@2.0.0#get" with another type than it has');
  });
});
