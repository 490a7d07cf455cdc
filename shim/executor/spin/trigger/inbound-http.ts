import type { ExportedFunction } from "../../component/host-interface.ts";
import { Fields } from "../../host/http/fields.ts";
import type { HostServices } from "../../host/services.ts";
import type { Admission, GuestEntry } from "../../server/guest-entry.ts";
import type { Visit } from "../../server/visits.ts";
import { TriggerError } from "./errors.ts";
import { NOT_WHOLE, readBody } from "./read-body.ts";
import { type TextField, endWith, responseFrom } from "./write-response.ts";

const METHODS: ReadonlySet<string> = new Set(["get", "post", "put", "delete", "patch", "head", "options"]);

/** `fermyon:spin/http-types.response` */
interface SpinResponse {
  readonly status: number;
  readonly headers?: readonly TextField[];
  readonly body?: Uint8Array;
}

/** `fermyon:spin/inbound-http`: how components of Spin 1 take requests, with whole bodies. */
export class InboundHttpEntry implements GuestEntry, Admission {
  readonly export = { interface: "fermyon:spin/inbound-http", name: "handle-request" } as const;
  readonly services: HostServices;

  constructor(services: HostServices) {
    this.services = services;
  }

  admit(): Admission {
    return this;
  }

  async enter(func: ExportedFunction, visit: Visit): Promise<void> {
    const { head, answer, state } = visit;
    const headers = textFields(Fields.ofMessage(head.rawHeaders(), this.services.maxFieldBytes).flat());
    if (!METHODS.has(head.method.tag)) answer.reply(405, [], Buffer.alloc(0));
    else if (headers === undefined) answer.refuse(400, "A header of the request is not UTF-8");
    else {
      const body = await readBody(state, head);
      if (body === undefined) answer.refuse(413, NOT_WHOLE);
      else await call(func, visit, { headers, body: body.length === 0 ? undefined : body });
    }
  }
}

async function call(
  func: ExportedFunction,
  { head, answer, state, origin }: Visit,
  message: { readonly headers: readonly TextField[]; readonly body: Uint8Array | undefined },
): Promise<void> {
  const result = await func.call({ method: head.method.tag, uri: head.pathWithQuery ?? "/", params: [], ...message });
  if (!isSpinResponse(result)) throw new TriggerError("GUEST_ANSWER", "Cannot answer: the guest returned no response");
  const response = responseFrom(state, result.status, result.headers ?? []);
  endWith(state, response, result.body ?? new Uint8Array(0));
  answer.respond(response);
  if (origin === "client") await response.body?.untilOut(); // It keeps its turn with all that it has in memory.
}

/** The component core has checked the type of the export when it was called. */
function isSpinResponse(value: unknown): value is SpinResponse {
  return typeof value === "object" && value !== null && "status" in value && typeof value.status === "number";
}

/** `undefined` if a value is not UTF-8: WIT's strings can hold nothing else. @param flat - one character a byte. */
function textFields(flat: readonly string[]): TextField[] | undefined {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const fields: TextField[] = [];
  try {
    for (let index = 0; index + 1 < flat.length; index += 2) {
      fields.push([flat[index] ?? "", decoder.decode(Buffer.from(flat[index + 1] ?? "", "latin1"))]);
    }
    return fields;
  } catch {
    return undefined;
  }
}
