/** `wasi:http/types.error-code`; names as in WIT, with the payloads that this host gives. */
export type HttpErrorCode =
  | { readonly tag: PlainErrorTag }
  | {
      readonly tag: "DNS-error";
      readonly val: { readonly rcode: string | undefined; readonly infoCode: number | undefined };
    }
  | {
      readonly tag: "TLS-alert-received";
      readonly val: { readonly alertId: number | undefined; readonly alertMessage: string | undefined };
    }
  | { readonly tag: SizeErrorTag; readonly val: bigint | number | undefined }
  | { readonly tag: FieldSizeErrorTag; readonly val: FieldSize | undefined }
  | { readonly tag: TextErrorTag; readonly val: string | undefined };

export interface FieldSize {
  readonly fieldName: string | undefined;
  readonly fieldSize: number | undefined;
}

type PlainErrorTag =
  | "DNS-timeout"
  | "destination-not-found"
  | "destination-unavailable"
  | "destination-IP-prohibited"
  | "destination-IP-unroutable"
  | "connection-refused"
  | "connection-terminated"
  | "connection-timeout"
  | "connection-read-timeout"
  | "connection-write-timeout"
  | "connection-limit-reached"
  | "TLS-protocol-error"
  | "TLS-certificate-error"
  | "HTTP-request-denied"
  | "HTTP-request-length-required"
  | "HTTP-request-method-invalid"
  | "HTTP-request-URI-invalid"
  | "HTTP-request-URI-too-long"
  | "HTTP-response-incomplete"
  | "HTTP-response-timeout"
  | "HTTP-upgrade-failed"
  | "HTTP-protocol-error"
  | "loop-detected"
  | "configuration-error";

/** The payload is `option<u64>` for bodies and `option<u32>` for sections. */
type SizeErrorTag =
  | "HTTP-request-body-size"
  | "HTTP-response-body-size"
  | "HTTP-request-header-section-size"
  | "HTTP-request-trailer-section-size"
  | "HTTP-response-header-section-size"
  | "HTTP-response-trailer-section-size";

type FieldSizeErrorTag =
  | "HTTP-request-header-size"
  | "HTTP-request-trailer-size"
  | "HTTP-response-header-size"
  | "HTTP-response-trailer-size";

type TextErrorTag = "HTTP-response-transfer-coding" | "HTTP-response-content-coding" | "internal-error";

/** An error of the host's HTTP that has a code of the guest's interface. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly httpCode: HttpErrorCode;

  constructor(httpCode: HttpErrorCode, options?: ErrorOptions) {
    super(httpCode.tag, options);
    this.httpCode = httpCode;
  }
}

/** By the `code` of errors from Node and undici. */
const CODES: Readonly<Record<string, HttpErrorCode>> = {
  EAI_AGAIN: { tag: "DNS-error", val: { rcode: "SERVFAIL", infoCode: undefined } },
  ENOTFOUND: { tag: "DNS-error", val: { rcode: "NXDOMAIN", infoCode: undefined } },
  ENODATA: { tag: "DNS-error", val: { rcode: "NODATA", infoCode: undefined } },
  ETIMEOUT: { tag: "DNS-timeout" },
  EHOSTUNREACH: { tag: "destination-IP-unroutable" },
  ENETUNREACH: { tag: "destination-IP-unroutable" },
  EHOSTDOWN: { tag: "destination-unavailable" },
  ECONNREFUSED: { tag: "connection-refused" },
  ECONNRESET: { tag: "connection-terminated" },
  EPIPE: { tag: "connection-terminated" },
  ECONNABORTED: { tag: "connection-terminated" },
  ETIMEDOUT: { tag: "connection-timeout" },
  EMFILE: { tag: "connection-limit-reached" },
  UND_ERR_SOCKET: { tag: "connection-terminated" },
  UND_ERR_CLOSED: { tag: "connection-terminated" },
  UND_ERR_DESTROYED: { tag: "connection-terminated" },
  UND_ERR_ABORTED: { tag: "connection-terminated" },
  UND_ERR_CONNECT_TIMEOUT: { tag: "connection-timeout" },
  UND_ERR_HEADERS_TIMEOUT: { tag: "HTTP-response-timeout" },
  UND_ERR_BODY_TIMEOUT: { tag: "connection-read-timeout" },
  UND_ERR_HEADERS_OVERFLOW: { tag: "HTTP-response-header-section-size", val: undefined },
  UND_ERR_RES_EXCEEDED_MAX_SIZE: { tag: "HTTP-response-body-size", val: undefined },
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: { tag: "HTTP-response-incomplete" },
  UND_ERR_REQ_CONTENT_LENGTH_MISMATCH: { tag: "HTTP-request-body-size", val: undefined },
  UND_ERR_INVALID_ARG: { tag: "HTTP-request-URI-invalid" },
  ERR_UNESCAPED_CHARACTERS: { tag: "HTTP-request-URI-invalid" },
  HPE_HEADER_OVERFLOW: { tag: "HTTP-response-header-section-size", val: undefined },
};

/** Codes of OpenSSL and of Node's certificate check. */
const CERTIFICATE = /^(?:CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|ERR_TLS_CERT_|HOSTNAME_MISMATCH|INVALID_CA)/;
const TLS_ALERT = /^ERR_SSL_(?:.*_)?ALERT_(.+)$/;
const TLS = /^(?:ERR_SSL_|ERR_TLS_|EPROTO)/;

/** The guest's code for an error of Node or undici: that of the first cause that has one, at most 5 deep. */
export function httpErrorCode(error: unknown): HttpErrorCode {
  for (let level = 0, current = error; level < 5 && current instanceof Error; level += 1) {
    const code = codeOf(current);
    if (code !== undefined) return code;
    current = current instanceof AggregateError ? current.errors[0] : current.cause;
  }
  return { tag: "internal-error", val: error instanceof Error ? error.message : undefined };
}

function codeOf(error: Error): HttpErrorCode | undefined {
  if (error instanceof HttpError) return error.httpCode;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // A socket that undici reports as closed may say why in its cause.
  if (code === "UND_ERR_SOCKET" && error.cause instanceof Error) return httpErrorCode(error.cause);
  return CODES[code] ?? tlsCode(code) ?? (isParserError(error, code) ? { tag: "HTTP-protocol-error" } : undefined);
}

/** Undici 8.13 looks for the code in a table that it has the other way round, and gives none. */
function isParserError({ name }: Error, code: string): boolean {
  return code.startsWith("HPE_") || name === "HTTPParserError";
}

function tlsCode(code: string): HttpErrorCode | undefined {
  if (CERTIFICATE.test(code)) return { tag: "TLS-certificate-error" };
  const alert = TLS_ALERT.exec(code);
  if (alert !== null) return { tag: "TLS-alert-received", val: { alertId: undefined, alertMessage: alert[1] } };
  return TLS.test(code) ? { tag: "TLS-protocol-error" } : undefined;
}
