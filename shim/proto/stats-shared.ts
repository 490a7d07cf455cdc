/** What the statistics of both versions of cgroups have in common. */
import { many, message, one } from "./codec.ts";

export const PidsStat = message("PidsStat", {
  current: one(1, "uint64"),
  limit: one(2, "uint64"),
});

const RdmaEntry = message("RdmaEntry", {
  device: one(1, "string"),
  hcaHandles: one(2, "uint32"),
  hcaObjects: one(3, "uint32"),
});

export const RdmaStat = message("RdmaStat", {
  current: many(1, RdmaEntry),
  limit: many(2, RdmaEntry),
});

export const NetworkStat = message("NetworkStat", {
  name: one(1, "string"),
  rxBytes: one(2, "uint64"),
  rxPackets: one(3, "uint64"),
  rxErrors: one(4, "uint64"),
  rxDropped: one(5, "uint64"),
  txBytes: one(6, "uint64"),
  txPackets: one(7, "uint64"),
  txErrors: one(8, "uint64"),
  txDropped: one(9, "uint64"),
});
