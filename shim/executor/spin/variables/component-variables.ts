import { VariableError } from "../../host/errors.ts";
import type { VariableSource } from "../../host/spin-services.ts";
import { isVariableName } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import type { Template } from "./template.ts";

/** The variables that a component's manifest gives it, by its own names for them. */
export class ComponentVariables implements VariableSource {
  readonly #component: string;
  readonly #templates: ReadonlyMap<string, Template>;
  readonly #resolve: (template: Template) => Promise<string>;

  constructor(
    component: string,
    templates: ReadonlyMap<string, Template>,
    resolve: (template: Template) => Promise<string>,
  ) {
    this.#component = component;
    this.#templates = templates;
    this.#resolve = resolve;
  }

  async get(name: string): Promise<string> {
    if (!isVariableName(name)) {
      const remedy = "use lower-case letters, digits and single _, a letter first";
      throw new VariableError("invalid-name", `${quote(name)} is no name of a variable: ${remedy}`);
    }
    const template = this.#templates.get(name);
    if (template === undefined) {
      throw new VariableError("undefined", `component ${quote(this.#component)} has no variable ${quote(name)}`);
    }
    return this.#resolve(template);
  }

  async all(): Promise<readonly (readonly [name: string, value: string])[]> {
    const values: (readonly [string, string])[] = [];
    for (const [name, template] of this.#templates) values.push([name, await this.#resolve(template)]);
    return values;
  }
}
