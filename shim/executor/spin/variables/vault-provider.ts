import { messageOf } from "@rcm/lib/errors";
import { VariableError } from "../../host/errors.ts";
import type { VariableProvider } from "./variable-provider.ts";

const ANSWER_MS = 10_000;
const MAX_ANSWER_BYTES = 1 << 20;

export interface VaultOptions {
  /** Of the server: `https://vault.example.com:8200`. */
  readonly url: string;
  readonly token: string;
  /** Where the key-value engine (version 2) is mounted: `secret`. */
  readonly mount: string;
  /** Before the variable's name in the path. */
  readonly prefix: string | undefined;
}

/** Variables from a HashiCorp Vault: each is the field `value` of the secret of its name. */
export class VaultProvider implements VariableProvider {
  readonly kind = "vault";
  readonly #options: VaultOptions;

  constructor(options: VaultOptions) {
    this.#options = options;
  }

  /** @throws {VariableError} `provider` if the server cannot be asked, says no, or answers with something else. */
  async get(name: string, signal: AbortSignal): Promise<string | undefined> {
    const deadline = AbortSignal.timeout(ANSWER_MS);
    try {
      return await this.#read(name, AbortSignal.any([signal, deadline]));
    } catch (error) {
      signal.throwIfAborted();
      const reason = deadline.aborted ? `it has not answered within ${ANSWER_MS} ms` : messageOf(error);
      throw new VariableError("provider", `Cannot read the variable "${name}" from the Vault: ${reason}`, {
        cause: error,
      });
    }
  }

  async #read(name: string, signal: AbortSignal): Promise<string | undefined> {
    const { token, url, mount, prefix } = this.#options;
    const path = [mount, "data", prefix ?? "", name].flatMap((part) => part.split("/")).filter((part) => part !== "");
    const address = `${url.replace(/\/+$/, "")}/v1/${path.map(encodeURIComponent).join("/")}`;
    const response = await fetch(address, { headers: { "x-vault-token": token }, redirect: "error", signal });
    const text = await readLimited(response);
    if (response.status === 404) return undefined; // No such secret, or its last version is deleted.
    if (!response.ok) throw new Error(`it answers with the status ${response.status}`);
    return valueIn(text);
  }
}

async function readLimited(response: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  const body: AsyncIterable<Uint8Array> | undefined = response.body ?? undefined;
  if (body === undefined) return "";
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`its answer has more than ${MAX_ANSWER_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** The answer of the engine is `{ "data": { "data": { "value": … } } }`. */
function valueIn(text: string): string {
  const value = field(field(field(parse(text), "data"), "data"), "value");
  if (typeof value !== "string") throw new Error('the secret has no text in its field "value"');
  return value;
}

/** What the parser itself would say quotes the text, in which there may be a secret. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("its answer is no JSON");
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Object.getOwnPropertyDescriptor(value, name)?.value : undefined;
}
