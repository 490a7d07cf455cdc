/** RFC 9110, 5.6.2: a token. */
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** Fields that belong to a connection and not to a message: the host's business alone. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);

const TAB = 0x09;
const SPACE = 0x20;
const DEL = 0x7f;

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Whether a guest may not set the field. `name` is in lower case. */
export function isForbiddenField(name: string): boolean {
  return FORBIDDEN.has(name);
}

/** Whether an incoming message's field is kept from the guest: those forbidden, but for the host, which it may want. */
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
