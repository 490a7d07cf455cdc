import { parseArgs } from "node:util";
import { parseDuration } from "@rcm/lib/duration";
import { CodedError } from "@rcm/lib/errors";
import type { LogLevel } from "@rcm/lib/log";
import { FLAGS, type Flag, type FlagName } from "./config-flags.ts";
import type { LeaseTimes } from "./runtime/lease.ts";
import type { JobSettings } from "./shims/job.ts";

interface Address {
  /** All addresses when absent. */
  readonly host: string | undefined;
  readonly port: number;
}

export interface Config {
  readonly settings: JobSettings;
  readonly maxConcurrentJobs: number;
  /** Undefined: this is the only manager. */
  readonly election: LeaseTimes | undefined;
  readonly metricsAddress: Address;
  readonly healthAddress: Address;
  readonly logLevel: LogLevel;
  /** Undefined in a cluster. */
  readonly kubeconfig: string | undefined;
}

export type Command = { readonly kind: "help" | "version" } | { readonly kind: "run"; readonly config: Config };

/** The command line or the environment cannot be meant so; the message names flag, value and remedy. */
class ConfigError extends CodedError<"BAD_FLAG"> {
  override readonly name = "ConfigError";
}

export type Environment = Readonly<Record<string, string | undefined>>;

const POLICIES = ["Always", "IfNotPresent", "Never"] as const;
const LEVELS = ["debug", "info", "warn", "error"] as const;
/** As a DNS label or subdomain: https://kubernetes.io/docs/concepts/overview/working-with-objects/names/ */
const NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
/** A reference as container runtimes take it, roughly; without it the Jobs would fail one by one. */
const IMAGE = /^[A-Za-z0-9][^\s]*$/;

/** @throws {ConfigError} */
export function parseConfig(argv: readonly string[], env: Environment): Command {
  const given = parseFlags(argv);
  if (given.get("help") !== undefined) return { kind: "help" };
  if (given.get("version") !== undefined) return { kind: "version" };
  const values = new Values(given, env);
  return { kind: "run", config: configOf(values) };
}

function configOf(values: Values): Config {
  return {
    settings: settingsOf(values),
    maxConcurrentJobs: values.integer("max-concurrent-jobs", { min: 1, max: 10_000 }),
    election: values.choice("leader-elect", ["true", "false"]) === "true" ? electionOf(values) : undefined,
    metricsAddress: values.address("metrics-address"),
    healthAddress: values.address("health-address"),
    logLevel: values.choice("log-level", LEVELS),
    kubeconfig: values.optional("kubeconfig"),
  };
}

function settingsOf(values: Values): JobSettings {
  return {
    namespace: values.matching("namespace", NAME, "the name of a namespace"),
    image: values.matching("installer-image", IMAGE, "an image such as registry.example/node-installer:1.0"),
    imagePullPolicy: values.choice("installer-image-pull-policy", POLICIES),
    imagePullSecrets: values
      .text("image-pull-secrets")
      .split(",")
      .filter((name) => name !== ""),
    serviceAccount: values.matching("installer-service-account", NAME, "the name of a service account"),
    priorityClass: values.text("installer-priority-class"),
    deadlineSeconds: values.integer("job-deadline-seconds", { min: 60, max: 86_400 }),
    ttlSeconds: values.integer("job-ttl-seconds", { min: 60, max: 604_800 }),
    fetchConfigMap: values.optional("fetch-config-map"),
    caConfigMap: values.optional("ca-config-map"),
  };
}

function electionOf(values: Values): LeaseTimes {
  const times = {
    leaseMs: values.duration("leader-elect-lease-duration"),
    renewDeadlineMs: values.duration("leader-elect-renew-deadline"),
    retryMs: values.duration("leader-elect-retry-period"),
  };
  if (times.leaseMs > times.renewDeadlineMs && times.renewDeadlineMs > 2 * times.retryMs) return times;
  const problem = "the lease duration must be above the renew deadline, and that above twice the retry period";
  throw new ConfigError("BAD_FLAG", `Cannot use the times of --leader-elect: ${problem}`);
}

function parseFlags(argv: readonly string[]): ReadonlyMap<string, string | boolean> {
  const args = argv.map((arg) => (arg === "--leader-elect" ? "--leader-elect=true" : arg));
  const flags = Object.fromEntries(Object.keys(FLAGS).map((name) => [name, { type: "string" } as const]));
  const options = { ...flags, help: { type: "boolean", short: "h" }, version: { type: "boolean" } } as const;
  try {
    const { values } = parseArgs({ args, options, strict: true });
    return new Map(Object.entries(values));
  } catch (cause) {
    throw new ConfigError("BAD_FLAG", `Cannot read the command line "${argv.join(" ")}": try --help`, { cause });
  }
}

/** Values of flags, from the command line or else the environment or else the defaults, each checked as it is read. */
class Values {
  readonly #given: ReadonlyMap<string, string | boolean>;
  readonly #env: Environment;

  constructor(given: ReadonlyMap<string, string | boolean>, env: Environment) {
    this.#given = given;
    this.#env = env;
  }

  text(name: FlagName): string {
    const { default: preset = "", env }: Flag = FLAGS[name];
    const given = this.#given.get(name);
    if (typeof given === "string") return given;
    const value = env === undefined ? "" : (this.#env[env] ?? "");
    // Upstream's way to say "no limit".
    return value === "" || (name === "job-ttl-seconds" && value === "0") ? preset : value;
  }

  optional(name: FlagName): string | undefined {
    const text = this.text(name);
    return text === "" ? undefined : text;
  }

  matching(name: FlagName, pattern: RegExp, what: string): string {
    const text = this.text(name);
    if (pattern.test(text)) return text;
    throw refuse(name, text, `it must be ${what}`);
  }

  choice<T extends string>(name: FlagName, allowed: readonly T[]): T {
    const text = this.text(name);
    const found = allowed.find((one) => one === text);
    if (found !== undefined) return found;
    throw refuse(name, text, `it must be one of ${allowed.join(", ")}`);
  }

  integer(name: FlagName, { min, max }: { readonly min: number; readonly max: number }): number {
    const text = this.text(name);
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw refuse(name, text, `it must be a whole number from ${min} to ${max}`);
  }

  duration(name: FlagName): number {
    const text = this.text(name);
    const ms = parseDuration(text);
    if (ms !== undefined && ms > 0) return ms;
    throw refuse(name, text, "it must be a time such as 15s or 1m30s");
  }

  address(name: FlagName): Address {
    const text = this.text(name);
    const { host = "", port = "" } = /^(?:\[?(?<host>[^\s[\]]*?)\]?):(?<port>\d{1,5})$/.exec(text)?.groups ?? {};
    if (port !== "" && Number(port) <= 65_535) return { host: host === "" ? undefined : host, port: Number(port) };
    throw refuse(name, text, "it must be HOST:PORT or :PORT");
  }
}

function refuse(name: FlagName, value: string, remedy: string): ConfigError {
  const { env }: Flag = FLAGS[name];
  const also = env === undefined ? "" : ` (or ${env})`;
  return new ConfigError("BAD_FLAG", `Cannot use "${value}" as --${name}${also}: ${remedy}`);
}
