import { VariableError } from "../../host/errors.ts";
import type { VariableSource } from "../../host/spin-services.ts";
import type { LockedApp, LockedComponent } from "../app/locked-app.ts";
import { isVariableName } from "../document/identifiers.ts";
import { quote, quoteAll } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import { ComponentVariables } from "./component-variables.ts";
import { DEFAULT_PREFIX, environmentName } from "./env-provider.ts";
import { parseTemplate, type Template } from "./template.ts";
import type { VariableProvider } from "./variable-provider.ts";

export interface ResolverOptions {
  readonly variables: LockedApp["variables"];
  /** Asked in this order; the default comes after the last. */
  readonly providers: readonly VariableProvider[];
  /** The program stops: whoever waits for a provider gets an error. */
  readonly signal: AbortSignal;
  /** What one provider may take to answer. @default 10000 */
  readonly timeoutMs?: number;
}

/** Variables of the environment in an error. */
const MAX_NAMED = 20;
const TIMEOUT_MS = 10_000;
/** Of one text, in UTF-16 units. */
const MAX_LENGTH = 4 * 1024 * 1024;

/** Gives the variables of an application their values. Nothing is kept: a provider's new value counts at once. */
export class VariableResolver {
  readonly #options: ResolverOptions;

  /** @throws {SpinError} `INVALID` for a variable whose name is none. */
  constructor(options: ResolverOptions) {
    const wrong = [...options.variables.keys()].find((name) => !isVariableName(name));
    if (wrong !== undefined) {
      throw new SpinError(
        "INVALID",
        `Cannot use the variable ${quote(wrong)}: it is no name of a variable: use lower-case letters, digits and single _, a letter first`,
      );
    }
    this.#options = options;
  }

  /**
   * What the component gets when it asks for its variables.
   *
   * @throws {SpinError} `INVALID` for names and templates that are none, and for variables that the application lacks.
   */
  forComponent({ id, variables }: Pick<LockedComponent, "id" | "variables">): VariableSource {
    const templates = Object.entries(variables).map(([name, text]): [string, Template] => {
      const owner = `variable ${quote(name)} of component ${quote(id)}`;
      if (!isVariableName(name)) {
        throw new SpinError("INVALID", `Cannot use ${owner}: it is no name of a variable: write it as my_name`);
      }
      return [name, this.#parse(text, owner)];
    });
    return new ComponentVariables(id, new Map(templates), async (template) => this.#resolve(template));
  }

  /**
   * Any other text with variables in it: an allowed host, a setting of a trigger.
   *
   * @param owner of the text, for messages: `an allowed host of component "hello"`.
   * @throws {SpinError} `INVALID` for what is no template
   * @throws {VariableError} if a variable has no value.
   */
  async resolveText(text: string, owner: string): Promise<string> {
    return this.#resolve(this.#parse(text, owner));
  }

  /**
   * Before the first request: so that an application that lacks a value fails where it is seen.
   *
   * @throws {SpinError} `MISSING` that names all variables without a value.
   * @throws {VariableError} `provider` if one of them cannot be asked.
   */
  async checkRequired(): Promise<void> {
    const missing: string[] = [];
    for (const [name, variable] of this.#options.variables) {
      if (variable.default === undefined && (await this.#askProviders(name)) === undefined) missing.push(name);
    }
    if (missing.length === 0) return;
    const names = missing.slice(0, MAX_NAMED).map((name) => environmentName(DEFAULT_PREFIX, name));
    throw new SpinError(
      "MISSING",
      `Cannot run without the required variables ${quoteAll(missing)}: no provider has them: set ${names.join(", ")} in the environment`,
    );
  }

  #parse(text: string, owner: string): Template {
    const template = parseTemplate(text, owner);
    const { variables } = this.#options;
    for (const part of template) {
      if (part.kind === "text" || variables.has(part.name)) continue;
      throw new SpinError(
        "INVALID",
        `Cannot use the template ${quote(text)}, ${owner}: the application has no variable ${quote(part.name)}: name one of ${quoteAll([...variables.keys()])}`,
      );
    }
    return template;
  }

  async #resolve(template: Template): Promise<string> {
    let text = "";
    for (const part of template) {
      text += part.kind === "text" ? part.text : await this.#valueOf(part.name);
      if (text.length > MAX_LENGTH) {
        throw new VariableError("other", `Cannot resolve a template: its text is longer than ${String(MAX_LENGTH)}`);
      }
    }
    return text;
  }

  async #valueOf(name: string): Promise<string> {
    const value = (await this.#askProviders(name)) ?? this.#options.variables.get(name)?.default;
    if (value !== undefined) return value;
    throw new VariableError("provider", `no provider resolved required variable ${quote(name)}`);
  }

  async #askProviders(name: string): Promise<string | undefined> {
    for (const provider of this.#options.providers) {
      const value = await this.#ask(provider, name);
      if (value !== undefined) return value;
    }
    return undefined;
  }

  async #ask(provider: VariableProvider, name: string): Promise<string | undefined> {
    const { signal, timeoutMs = TIMEOUT_MS } = this.#options;
    try {
      signal.throwIfAborted();
      return await provider.get(name, AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]));
    } catch (cause) {
      const message = `Cannot ask the provider "${provider.kind}" for the variable ${quote(name)}`;
      throw new VariableError("provider", message, { cause });
    }
  }
}
