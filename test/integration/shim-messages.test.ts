import { Any, Empty } from "@rcm/shim/proto/any";
import { BootstrapParams, BootstrapResult } from "@rcm/shim/proto/bootstrap";
import * as events from "@rcm/shim/proto/events";
import { RuncOptions, RuntimeOptions } from "@rcm/shim/proto/options";
import { RuntimeInfo } from "@rcm/shim/proto/runtime-info";
import { MetricsV1 } from "@rcm/shim/proto/stats-v1";
import { MetricsV2 } from "@rcm/shim/proto/stats-v2";
import * as task from "@rcm/shim/proto/task";
import { Request, Response } from "@rcm/shim/ttrpc/messages";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { runCommand } from "../cluster/run-command.ts";
import { buildPeer } from "./ttrpc-peer.ts";

interface Described {
  readonly number: number;
  readonly label: string;
  readonly type: string;
}
type Fields = Readonly<Record<string, Described>>;

/** What all our tables have in common. */
interface Table {
  readonly name: string;
  readonly fields: Readonly<Record<string, { number: number; label: string; type: string | Table }>>;
}

const EVENTS = Object.values(events.TASK_EVENTS).map((type) => [`containerd.events.${type.name}`, type] as const);
const TASKS = Object.values(task)
  .filter((value) => "fields" in value)
  .flatMap((type) => ["v2", "v3"].map((version) => [`containerd.task.${version}.${type.name}`, type] as const));

const TABLES: readonly (readonly [theirs: string, ours: Table])[] = [
  ...EVENTS,
  ...TASKS.filter(([name]) => !name.endsWith("ProcessInfo")),
  ["containerd.v1.types.ProcessInfo", task.ProcessInfo],
  ["containerd.services.events.ttrpc.v1.ForwardRequest", events.ForwardRequest],
  ["containerd.runtime.bootstrap.v1.BootstrapParams", BootstrapParams],
  ["containerd.runtime.bootstrap.v1.BootstrapResult", BootstrapResult],
  ["containerd.types.RuntimeInfo", RuntimeInfo],
  ["containerd.runc.v1.Options", RuncOptions],
  ["runtimeoptions.v1.Options", RuntimeOptions],
  ["io.containerd.cgroups.v1.Metrics", MetricsV1],
  ["io.containerd.cgroups.v2.Metrics", MetricsV2],
  ["google.protobuf.Any", Any],
  ["google.protobuf.Empty", Empty],
  ["ttrpc.Request", Request],
  ["ttrpc.Response", Response],
];

describe("the shim's messages beside containerd's", () => {
  let described: Readonly<Record<string, Fields>> = {};

  before(async function () {
    this.timeout(10 * 60_000); // The first build compiles all that containerd's API needs.
    const said = await runCommand([await buildPeer(limit()), "describe"], { timeoutMs: 30_000 }, limit());
    described = JSON.parse(said) as Record<string, Fields>;
  });

  for (const [name, table] of TABLES) {
    it(`has the fields of ${name}`, () => {
      compare(name, table);
    });
  }

  function compare(name: string, table: Table): void {
    const theirs = described[name] ?? {};
    const ours = Object.entries(table.fields).map(([field, { number, label, type }]) => {
      const kind = typeof type === "string" ? type : (theirs[field]?.type ?? type.name);
      return [field, { number, label, type: kind }] as const;
    });
    expect(Object.fromEntries(ours), name).to.deep.equal(theirs);
    for (const [field, { type }] of Object.entries(table.fields)) {
      if (typeof type !== "string") compare(theirs[field]?.type ?? "", type);
    }
  }
});

/** For what must not hang. Each has its own: a whole suite takes longer than any of them. */
function limit(): AbortSignal {
  return AbortSignal.timeout(15 * 60_000);
}
