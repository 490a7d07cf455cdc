import { CliError } from "../errors.ts";
import type { FlagValues } from "../flags/flag-values.ts";
import { appName } from "./app-name.ts";
import { readAutoscaler, type Autoscaler } from "./autoscaler.ts";
import { nameInReference } from "./image-reference.ts";
import { readObjectName, readObjectNames } from "./object-names.ts";
import { readResources, type AppResources } from "./quantities.ts";
import { readVariables, type Variable } from "./variables.ts";

/** An application as the command line describes it. */
export interface AppOptions {
  readonly name: string;
  /** As it was given. */
  readonly image: string;
  /** With an autoscaler, the fewest. */
  readonly replicas: number;
  readonly autoscaler: Autoscaler | undefined;
  readonly resources: AppResources;
  readonly executor: string | undefined;
  readonly runtimeConfigFile: string | undefined;
  readonly imagePullSecrets: readonly string[];
  readonly variables: readonly Variable[];
  readonly components: readonly string[];
  readonly serviceAccountName: string | undefined;
  readonly hasAzureIdentity: boolean;
}

/**
 * Reads APP_FLAGS.
 *
 * @throws {CliError} `USAGE`: the first that upstream's plug-in refuses too, in its order and words; then the rest.
 */
export function readAppOptions(values: FlagValues): AppOptions {
  const replicas = values.integer("replicas");
  if (replicas < 0) {
    throw new CliError("USAGE", `the minimum replica count (${replicas}) must be greater than 0`);
  }
  const image = values.text("from");
  const nameOfImage = nameInReference(image);
  if (nameOfImage === undefined) throw new CliError("USAGE", `invalid image reference provided: '${image}'`);
  const autoscaler = readAutoscaler(values, replicas);
  return {
    name: appName(values.optional("name"), nameOfImage),
    image,
    replicas,
    autoscaler,
    resources: readResources(values),
    executor: readObjectName(values, "executor"),
    runtimeConfigFile: values.optional("runtime-config-file"),
    imagePullSecrets: readObjectNames(values, "image-pull-secret"),
    variables: readVariables(values),
    components: values.list("component"),
    serviceAccountName: readObjectName(values, "service-account-name"),
    hasAzureIdentity: values.isOn("azure-identity"),
  };
}
