import type { ExportedFunction } from "../../component/host-interface.ts";
import { ComponentExit } from "../../host/errors.ts";
import { IncomingBody } from "../../host/http/incoming-body.ts";
import { textOfMethod } from "../../host/http/method.ts";
import type { OutgoingBody } from "../../host/http/outgoing-body.ts";
import { BytesInputStream } from "../../host/io/input-stream.ts";
import { isOk } from "../../host/results.ts";
import type { HostServices } from "../../host/services.ts";
import type { Admission, GuestEntry } from "../../server/guest-entry.ts";
import type { Visit } from "../../server/visits.ts";
import { TriggerError } from "../trigger/errors.ts";
import type { RoutedRequest } from "../trigger/routed-request.ts";
import { responseFrom } from "../trigger/write-response.ts";
import { parseCgiHead } from "./cgi-head.ts";
import { CgiOutput } from "./cgi-output.ts";
import { cgiArguments, cgiVariables } from "./cgi-variables.ts";

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
  readonly #output: CgiOutput;
  readonly #input: IncomingBody;
  #visit: Visit | undefined = undefined;
  #fault: TriggerError | undefined = undefined;

  constructor(services: HostServices, head: RoutedRequest, argv: string) {
    const pathWithQuery = head.pathWithQuery ?? "/";
    this.#output = new CgiOutput((text) => this.#begin(text));
    this.#input = new IncomingBody(head.body());
    const stdin = this.#input.openStream() ?? new BytesInputStream(new Uint8Array(0));
    const variables = cgiVariables({
      method: textOfMethod(head.method),
      pathWithQuery,
      authority: head.authority ?? "",
      headers: head.clientHeaders(),
      spinHeaders: head.spinHeaders(),
    });
    this.services = {
      ...services,
      environment: [...services.environment, ...variables],
      arguments: cgiArguments(argv, pathWithQuery),
      stdin: () => stdin,
      stdout: () => this.#output,
    };
  }

  async enter(func: ExportedFunction, visit: Visit): Promise<void> {
    this.#visit = visit;
    try {
      await run(func);
      const hasWritten = this.#output.finish();
      if (!hasWritten) throw new TriggerError("GUEST_ANSWER", "Cannot answer: the guest has written nothing");
    } finally {
      this.#output.abort(); // Nothing, if it has finished.
      this.#input.drop();
    }
    if (this.#fault !== undefined) throw this.#fault;
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
