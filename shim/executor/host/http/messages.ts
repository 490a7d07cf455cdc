import type { HostState } from "../state.ts";
import { isToken } from "./field-rules.ts";
import { Fields } from "./fields.ts";
import { type BodySource, IncomingBody } from "./incoming-body.ts";
import type { Method, Scheme } from "./method.ts";
import { OutgoingBody } from "./outgoing-body.ts";

/** Hyper, by which other hosts serve, sends no 1xx for a response either. */
const MIN_STATUS = 200;
const MAX_STATUS = 999;
/** Digits only, and small enough to be exact. */
const CONTENT_LENGTH = /^[0-9]{1,15}$/;
/** RFC 3986, 3.2, without user and password, which RFC 9110, 4.2.4 takes out. */
const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|[\w.~!$&'()*+,;=-]+)(?::([0-9]{1,5}))?$/;
const MAX_PORT = 65_535;
/** Empty, or what may follow an authority: anything that can be seen. */
const PATH = /^(?:[/?][!-~\u0080-\uffff]*)?$/;

/** What the server has of a request, without what it reads only if the guest asks. */
export interface RequestHead {
  readonly method: Method;
  readonly pathWithQuery: string | undefined;
  readonly scheme: Scheme;
  readonly authority: string | undefined;
  rawHeaders(): readonly string[];
  body(): BodySource;
}

/** `wasi:http/types.incoming-request` */
export class IncomingRequest {
  readonly head: RequestHead;
  readonly #maxFieldBytes: number;
  #isConsumed = false;
  /** Made when it is asked for, and once: it never changes. */
  #headers: Fields | undefined = undefined;

  constructor(head: RequestHead, maxFieldBytes: number) {
    this.head = head;
    this.#maxFieldBytes = maxFieldBytes;
  }

  headers(): Fields {
    return (this.#headers ??= Fields.ofMessage(this.head.rawHeaders(), this.#maxFieldBytes));
  }

  /** Once. */
  consume(): IncomingBody | undefined {
    if (this.#isConsumed) return undefined;
    this.#isConsumed = true;
    return new IncomingBody(this.head.body());
  }
}

/** `wasi:http/types.incoming-response` */
export class IncomingResponse {
  readonly status: number;
  readonly headers: Fields;
  readonly #source: BodySource;
  #isConsumed = false;

  constructor(status: number, headers: Fields, source: BodySource) {
    this.status = status;
    this.headers = headers;
    this.#source = source;
  }

  /** Once. */
  consume(): IncomingBody | undefined {
    if (this.#isConsumed) return undefined;
    this.#isConsumed = true;
    return new IncomingBody(this.#source);
  }

  /** Bytes of the body that have come and were not read. */
  get unreadBytes(): number {
    return this.#source.stream?.readableLength ?? 0;
  }

  /** Calls `listener` when nothing of the body is left here, or nobody wants it. */
  onDone(listener: () => void): void {
    const { stream } = this.#source;
    if (stream === undefined || stream.closed) listener();
    else stream.once("close", listener);
  }

  /** Nobody wants the body: the connection is not kept for it. */
  drop(): void {
    this.headers.drop();
    if (!this.#isConsumed) this.#source.stream?.destroy();
  }
}

/** `wasi:http/types.outgoing-response` */
export class OutgoingResponse {
  status = 200;
  readonly headers: Fields;
  body: OutgoingBody | undefined = undefined;

  constructor(headers: Fields) {
    this.headers = headers.freeze();
  }

  /** It is not going to be sent. */
  drop(): void {
    this.headers.drop();
    this.body?.abandon();
  }

  setStatus(status: number): boolean {
    if (status < MIN_STATUS || status > MAX_STATUS) return false;
    this.status = status;
    return true;
  }

  /** What `content-length` promises of a body that was never opened. */
  get missingBytes(): number {
    return this.body === undefined ? (contentLengthOf(this.headers) ?? 0) : 0;
  }

  /** Once. */
  openBody(state: HostState): OutgoingBody | undefined {
    if (this.body !== undefined) return undefined;
    this.body = new OutgoingBody(state, { bytes: contentLengthOf(this.headers), mismatch: "HTTP-response-body-size" });
    return this.body;
  }
}

/** `wasi:http/types.outgoing-request` */
export class OutgoingRequest {
  readonly headers: Fields;
  method: Method = { tag: "get" };
  scheme: Scheme | undefined = undefined;
  authority: string | undefined = undefined;
  pathWithQuery: string | undefined = undefined;
  body: OutgoingBody | undefined = undefined;

  constructor(headers: Fields) {
    this.headers = headers.freeze();
  }

  /** It is not going to be sent. */
  drop(): void {
    this.headers.drop();
    this.body?.abandon();
  }

  setMethod(method: Method): boolean {
    if (method.tag === "other" && !isToken(method.val)) return false;
    this.method = method;
    return true;
  }

  setScheme(scheme: Scheme | undefined): boolean {
    if (scheme?.tag === "other" && !/^[A-Za-z][A-Za-z0-9+.-]*$/.test(scheme.val)) return false;
    this.scheme = scheme;
    return true;
  }

  setAuthority(authority: string | undefined): boolean {
    if (authority !== undefined && !isAuthority(authority)) return false;
    this.authority = authority;
    return true;
  }

  setPathWithQuery(path: string | undefined): boolean {
    if (path !== undefined && !PATH.test(path)) return false;
    this.pathWithQuery = path;
    return true;
  }

  /** Once. */
  openBody(state: HostState): OutgoingBody | undefined {
    if (this.body !== undefined) return undefined;
    this.body = new OutgoingBody(state, { bytes: contentLengthOf(this.headers), mismatch: "HTTP-request-body-size" });
    return this.body;
  }
}

function isAuthority(text: string): boolean {
  const match = AUTHORITY.exec(text);
  return match !== null && Number(match[1] ?? 0) <= MAX_PORT;
}

function contentLengthOf(headers: Fields): number | undefined {
  const text = headers.text("content-length");
  return text !== undefined && CONTENT_LENGTH.test(text) ? Number(text) : undefined;
}
