/** Gives values of the application's variables: the environment, a table, a Vault. Asked in the configured order. */
export interface VariableProvider {
  /** For messages: `env`, `vault`. */
  readonly kind: string;
  /**
   * @param name of the variable, in lower case: `api_key`.
   * @returns `undefined` if the provider does not have it: the next one is asked.
   * @throws {Error} if it cannot be asked.
   */
  get(name: string, signal: AbortSignal): Promise<string | undefined>;
}
