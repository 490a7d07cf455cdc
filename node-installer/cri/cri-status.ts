import type { CriConnection } from "./cri-connection.ts";
import { messageIn, messagesIn, replyFrom, textIn, type Reply } from "./reply.ts";
import { configuredHandlers, parseRunningConfig } from "./running-config.ts";

export interface CriVersion {
  /** For example `containerd`. */
  readonly runtimeName: string;
  /** For example `1.6.20~ds1` or `v2.1.9`. */
  readonly runtimeVersion: string;
}

export interface CriStatus {
  readonly runtimeReady: boolean;
  /** False, too, while no CNI configuration is there. */
  readonly networkReady: boolean;
  /** Names of the handlers that are served, without the default's empty one, sorted. */
  readonly handlers: readonly string[];
  /** Where `handlers` is from: CRI itself (containerd 2.0 and later), or the runtimes in its running configuration. */
  readonly handlersFrom: "status" | "config";
  /** The configuration in force, as JSON: `info.config`. See `parseRunningConfig`. */
  readonly configJson: string;
  readonly containerdVersion: string;
}

export async function criVersion(cri: CriConnection, signal: AbortSignal): Promise<CriVersion> {
  const reply = replyFrom(await cri.call("Version", { version: "v1" }, signal));
  return { runtimeName: textIn(reply, "runtimeName"), runtimeVersion: textIn(reply, "runtimeVersion") };
}

/** Asks for status and version. See `CriConnection.call` for errors. */
export async function criStatus(cri: CriConnection, signal: AbortSignal): Promise<CriStatus> {
  const [version, answer] = await Promise.all([criVersion(cri, signal), cri.call("Status", { verbose: true }, signal)]);
  return { ...statusFrom(replyFrom(answer)), containerdVersion: version.runtimeVersion };
}

/** Reads a StatusResponse. */
export function statusFrom(reply: Reply): Omit<CriStatus, "containerdVersion"> {
  const conditions = messagesIn(messageIn(reply, "status"), "conditions");
  const configJson = textIn(messageIn(reply, "info"), "config");
  const reported = messagesIn(reply, "runtimeHandlers");
  const served = reported.map((handler) => textIn(handler, "name")).filter((name) => name !== "");
  const fromStatus = reported.length > 0;
  return {
    runtimeReady: isTrue(conditions, "RuntimeReady"),
    networkReady: isTrue(conditions, "NetworkReady"),
    handlers: fromStatus ? served.toSorted() : configuredHandlers(parseRunningConfig(configJson)),
    handlersFrom: fromStatus ? "status" : "config",
    configJson,
  };
}

function isTrue(conditions: readonly Reply[], type: string): boolean {
  return conditions.some((condition) => condition["type"] === type && condition["status"] === true);
}
