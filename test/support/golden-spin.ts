import { readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const FOLDER = join(import.meta.dirname, "../golden/spin-operator");

type Json = Record<string, unknown>;

/** An object as the API server gives it, as far as it is looked at here. */
export interface Stored {
  readonly metadata: Json & { readonly labels?: Json; readonly annotations?: Record<string, string> };
  readonly spec: Json;
}

interface PodSpec {
  readonly containers: readonly { readonly volumeMounts?: readonly Json[]; readonly args?: readonly string[] }[];
  readonly volumes?: readonly { readonly name: string; readonly secret?: Json }[];
}

interface Template {
  readonly metadata: { readonly annotations?: Record<string, string> };
  readonly spec: PodSpec;
}

/** What upstream's operator made of a sample of its own. */
export interface Golden {
  readonly sample: string;
  /** The SpinApp's name. */
  readonly app: string;
  readonly input: string;
  readonly deployment: Stored;
  readonly service: Stored;
  readonly toml: string;
}

/**
 * Where ours differ on purpose, by the names that docs/spin-operator.md gives them. Each takes what upstream made to what
 * we make; everything else must be the same.
 */
export const DIFFERENCES = [
  "no-empty-config",
  "config-name",
  "config-provider",
  "config-owner",
  "references-annotation",
] as const;

export const SAMPLES: readonly string[] = readdirSync(FOLDER).toSorted();

export async function readGolden(sample: string): Promise<Golden> {
  async function read(file: string): Promise<string> {
    return readFile(join(FOLDER, sample, file), "utf8");
  }
  const deployment = JSON.parse(await read("deployment.json")) as Stored;
  const service = JSON.parse(await read("service.json")) as Stored;
  const app = deployment.metadata["name"] as string;
  return { sample, app, input: await read("input.yaml"), deployment, service, toml: await read("runtime-config.toml") };
}

/** The runtime configuration that we make in place of upstream's; undefined for none. */
export function expectedToml({ toml }: Golden): string | undefined {
  const [, ...tables] = toml.split("\n\n"); // config-provider: the first table is left out.
  if (tables.length === 0) return undefined; // no-empty-config
  const plain = tables.map((table) => table.replace(/^\[\w+\]\n(?=\[)/, "").trim());
  return `${plain.join("\n\n")}\n`.replaceAll(/'([^']*)'/g, '"$1"');
}

/** The Deployment that we make in place of upstream's. @param ours for names that are digests of the content. */
export function expectedDeployment(golden: Golden, ours: Stored): Stored {
  const { metadata, spec } = golden.deployment;
  const template = spec["template"] as Template;
  const found = ours.spec["template"] as Template;
  const podSpec =
    expectedToml(golden) === undefined ? withoutConfig(template.spec) : withName(template.spec, found.spec);
  const references = golden.sample === "variable-explorer" ? found.metadata.annotations : undefined;
  const annotations = references ?? template.metadata.annotations;
  const withAnnotations = { ...template.metadata, ...(annotations === undefined ? {} : { annotations }) };
  return { ...golden.deployment, metadata, spec: { ...spec, template: { metadata: withAnnotations, spec: podSpec } } };
}

/** no-empty-config */
function withoutConfig({ containers, volumes = [], ...rest }: PodSpec): PodSpec {
  return {
    ...rest,
    containers: containers.map(({ volumeMounts = [], args, ...container }) => ({
      ...container,
      ...(args === undefined ? {} : { args: args.filter((arg) => !/runtime-config/.test(arg)) }),
      volumeMounts: volumeMounts.filter(({ name }) => name !== "spin-runtime-config"),
    })),
    volumes: volumes.filter(({ name }) => name !== "spin-runtime-config"),
  };
}

/** config-name */
function withName(spec: PodSpec, ours: PodSpec): PodSpec {
  const secretName = ours.volumes?.find(({ name }) => name === "spin-runtime-config")?.secret?.["secretName"];
  const volumes = spec.volumes?.map((volume) =>
    volume.name === "spin-runtime-config" ? { ...volume, secret: { ...volume.secret, secretName } } : volume,
  );
  return { ...spec, ...(volumes === undefined ? {} : { volumes }) };
}

/** Without what differs from one cluster and one moment to the next, as in the golden objects. */
export function cleaned({ metadata, spec, ...rest }: Stored & { readonly status?: unknown }): Stored {
  const { name, labels, annotations = {}, ownerReferences } = metadata;
  const { "deployment.kubernetes.io/revision": _, ...kept } = annotations;
  const owners = (ownerReferences as readonly Json[]).map((owner) => Object.assign(owner, { uid: "<uid>" }));
  const { clusterIP: _ip, clusterIPs: _ips, ...shown } = spec;
  const { status: _status, ...others } = rest;
  return {
    ...others,
    metadata: {
      name,
      ...(labels === undefined ? {} : { labels }),
      ...(Object.keys(kept).length === 0 ? {} : { annotations: kept }),
      ownerReferences: owners,
    },
    spec: shown,
  };
}
