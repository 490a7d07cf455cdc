/** RFC 9110, 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** What one connection of HTTP/1 says to the other end of it, and HTTP/2 does not have: RFC 9113, 8.2.2. */
const OF_CONNECTION = [
  "connection",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
] as const;

/** No answer has them. A request may have `te`. */
const NOT_ANSWERED: ReadonlySet<string> = new Set([...OF_CONNECTION, "te"]);

/** Fields that belong to a connection and not to a message: the host's business alone. */
const FORBIDDEN: ReadonlySet<string> = new Set([...OF_CONNECTION, "host", "proxy-authenticate", "proxy-authorization"]);

const TAB = 0x09;
const SPACE = 0x20;
const DEL = 0x7f;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether the field of an answer is about its connection. `name` is in lower case. */
export function isConnectionField(name: string): boolean {
  return NOT_ANSWERED.has(name);
}

/** Whether a guest may not set the field. `name` is in lower case. */
export function isForbiddenField(name: string): boolean {
  return FORBIDDEN.has(name);
}

/** Whether an incoming message's field is kept from the guest: the forbidden ones, except for `host`, which it may need. */
export function isHiddenField(name: string): boolean {
  return name !== "host" && FORBIDDEN.has(name);
}

/** RFC 9110, 5.5: visible characters, space, tab, and bytes above ASCII. */
export function isFieldValue(bytes: Uint8Array): boolean {
  for (let index = 0; index < bytes.length; index += 1) {
    const byte = bytes[index] ?? 0;
    if ((byte < SPACE && byte !== TAB) || byte === DEL) return false;
  }
  return true;
}
