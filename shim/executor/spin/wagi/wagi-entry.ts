import type { ExportedFunction } from "../../component/host-interface.ts";
import { ComponentExit } from "../../host/errors.ts";
import { IncomingBody } from "../../host/http/incoming-body.ts";
import { textOfMethod } from "../../host/http/method.ts";
import type { OutgoingBody } from "../../host/http/outgoing-body.ts";
import { BytesInputStream, type InputStream } from "../../host/io/input-stream.ts";
import { isOk } from "../../host/results.ts";
import type { HostServices } from "../../host/services.ts";
import type { Admission, GuestEntry } from "../../server/guest-entry.ts";
import type { Visit } from "../../server/visits.ts";
import { TriggerError } from "../trigger/errors.ts";
import { NOT_WHOLE, readBody } from "../trigger/read-body.ts";
import type { RoutedRequest } from "../trigger/routed-request.ts";
import { responseFrom } from "../trigger/write-response.ts";
import { parseCgiHead } from "./cgi-head.ts";
import { CgiOutput } from "./cgi-output.ts";
import { type Variable, cgiArguments, cgiVariables, isLengthKnown } from "./cgi-variables.ts";

/** `wasi:cli/run` for each request, as a CGI program. */
export class WagiEntry implements GuestEntry<RoutedRequest> {
  readonly export = { interface: "wasi:cli/run", name: "run" } as const;
  readonly #services: HostServices;
  readonly #argv: string;

  /** @param argv - template of the arguments. */
  constructor(services: HostServices, argv: string) {
    this.#services = services;
    this.#argv = argv;
  }

  admit(head: RoutedRequest): Admission {
    return new WagiRun(this.#services, head, this.#argv);
  }
}

class WagiRun implements Admission {
  readonly services: HostServices;
  readonly #head: RoutedRequest;
  readonly #output: CgiOutput;
  /** `undefined`: no header says how long it is, and the program is to be told. */
  readonly #input: IncomingBody | undefined;
  #stdin: InputStream;
  #bodyBytes = 0;
  #visit: Visit | undefined = undefined;
  #fault: TriggerError | undefined = undefined;

  constructor(services: HostServices, head: RoutedRequest, argv: string) {
    this.#head = head;
    this.#output = new CgiOutput((text) => this.#begin(text));
    const headers = head.clientHeaders();
    this.#input = isLengthKnown(headers) ? new IncomingBody(head.body()) : undefined;
    this.#stdin = this.#input?.openStream() ?? new BytesInputStream(new Uint8Array(0));
    const environment = (): HostServices["environment"] => [...services.environment, ...this.#variables(headers)];
    this.services = {
      ...services,
      get environment() {
        return environment();
      },
      arguments: cgiArguments(argv, head.pathWithQuery ?? "/"),
      stdin: () => this.#stdin,
      stdout: () => this.#output,
    };
  }

  #variables(headers: readonly string[]): readonly Variable[] {
    const { method, pathWithQuery = "/", authority = "" } = this.#head;
    return cgiVariables({
      method: textOfMethod(method),
      pathWithQuery,
      authority,
      headers,
      spinHeaders: this.#head.spinHeaders(),
      bodyBytes: this.#bodyBytes,
    });
  }

  async enter(func: ExportedFunction, visit: Visit): Promise<void> {
    this.#visit = visit;
    if (this.#input === undefined && !(await this.#readWhole(visit))) {
      visit.answer.refuse(413, NOT_WHOLE);
      return;
    }
    try {
      await run(func);
      const hasWritten = this.#output.finish();
      if (!hasWritten) throw new TriggerError("GUEST_ANSWER", "Cannot answer: the guest has written nothing");
    } finally {
      this.#output.abort(); // Nothing, if it has finished.
      this.#input?.drop();
    }
    if (this.#fault !== undefined) throw this.#fault;
  }

  /** Returns whether the body could be taken as a whole. */
  async #readWhole({ state, head }: Visit): Promise<boolean> {
    const body = await readBody(state, head);
    if (body === undefined) return false;
    this.#stdin = new BytesInputStream(body);
    this.#bodyBytes = body.length;
    return true;
  }

  #begin(text: string): OutgoingBody | undefined {
    if (this.#visit === undefined) return undefined;
    const { answer, state } = this.#visit;
    const head = parseCgiHead(text);
    if ("reason" in head) {
      this.#fault = new TriggerError("GUEST_ANSWER", head.reason);
      answer.refuse(head.status, "The component's answer is no answer");
      return undefined;
    }
    const response = responseFrom(state, head.status, head.fields);
    const body = response.openBody(state);
    answer.respond(response);
    return body;
  }
}

/** A program that exits with 0 has ended well. */
async function run(func: ExportedFunction): Promise<void> {
  try {
    if (isOk(await func.call())) return;
    throw new TriggerError("GUEST_ANSWER", "Cannot answer: the guest ended with a failure");
  } catch (error) {
    if (!(error instanceof ComponentExit) || error.exitCode !== 0) throw error;
  }
}
