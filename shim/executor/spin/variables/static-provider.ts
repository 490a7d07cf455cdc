import type { VariableProvider } from "./variable-provider.ts";

/** Variables from a table: `type = "static"` in the runtime configuration. */
export class StaticProvider implements VariableProvider {
  readonly kind = "static";
  readonly #values: ReadonlyMap<string, string>;

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values;
  }

  async get(name: string): Promise<string | undefined> {
    return this.#values.get(name);
  }
}
