import type { VariableProvider } from "./variable-provider.ts";

export const DEFAULT_PREFIX = "SPIN_VARIABLE";

export type Environment = Readonly<Record<string, string | undefined>>;

export interface EnvProviderOptions {
  readonly environment: Environment;
  /** Joined to the name with `_`. @default "SPIN_VARIABLE" */
  readonly prefix?: string | undefined;
  /** What a `.env` file says; the environment comes first. */
  readonly dotenv?: Environment | undefined;
}

/** Variables from the environment: `api_key` is `SPIN_VARIABLE_API_KEY`. */
export class EnvProvider implements VariableProvider {
  readonly kind = "env";
  readonly #sources: readonly Environment[];
  readonly #prefix: string;

  constructor({ environment, prefix = DEFAULT_PREFIX, dotenv = {} }: EnvProviderOptions) {
    this.#sources = [environment, dotenv];
    this.#prefix = prefix;
  }

  async get(name: string): Promise<string | undefined> {
    const key = environmentName(this.#prefix, name);
    const source = this.#sources.find((each) => Object.hasOwn(each, key));
    return source?.[key];
  }
}

/**
 * The environment, and `SPIN_VARIABLE_FOO_BAR` for each variable that is set under its plain name, `FOO_BAR`: so
 * containerd-shim-spin has it. What is set in full comes first.
 *
 * @param names of the application's variables.
 */
export function withPlainVariables(environment: Environment, names: Iterable<string>): Environment {
  const set = [...names].filter((name) => Object.hasOwn(environment, name.toUpperCase()));
  const copies = set.map((name) => [environmentName(DEFAULT_PREFIX, name), environment[name.toUpperCase()]] as const);
  return { ...Object.fromEntries<string | undefined>(copies), ...environment };
}

/** `SPIN_VARIABLE`, `api_key`: `SPIN_VARIABLE_API_KEY`. */
export function environmentName(prefix: string, name: string): string {
  return `${prefix}_${name.toUpperCase()}`;
}
