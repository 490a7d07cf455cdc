/** A shim that prepares one component: node prepare-child.ts KEPT RUN PROGRAM COMPONENT */
import { openSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { Reaper } from "@rcm/shim/linux/reaper";
import { becomeSubreaper } from "@rcm/shim/linux/subreaper";
import { PreparedComponents } from "@rcm/shim/prepared/prepared-components";
import { executorFiles } from "@rcm/shim/task/executor-files";

const [folder = "", runFolder = "", program = "", file = ""] = process.argv.slice(2);
const MINUTE_MS = 60_000;

becomeSubreaper();
const reaper = new Reaper();
reaper.start();
const log = { debug() {}, info() {}, warn() {}, error() {} };
const prepared = new PreparedComponents({
  folder,
  runFolder,
  maxBytes: 1e9,
  ...executorFiles(program),
  reaper,
  log,
});
const { order } = await prepared.look({ kind: "image", open: () => openSync(file, "r") }, []);
if (order !== undefined) void prepared.prepare(order, { binary: "runc", systemdCgroup: false });
await delay(MINUTE_MS);
