const SHOWN_CHARACTERS = 300;

/** A location for messages: without credentials, query and fragment, which may hold secrets. At most 300 characters. */
export function shownLocation(location: string | URL): string {
  const text = withoutSecrets(location);
  return printable(text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text);
}

function withoutSecrets(location: string | URL): string {
  const url = URL.canParse(location) ? new URL(location) : undefined;
  if (url !== undefined && url.host !== "") return `${url.protocol}//${url.host}${url.pathname}`;
  // Nobody knows where a password ends in what is no URL with a host.
  return String(location)
    .replace(/^(https?:|file:)?[/\\]*.*@/isu, "$1//")
    .replace(/[?#].*$/su, "");
}

/** The text with everything that could upset a terminal or a log line as `\xNN` or `\u{N}`. */
export function printable(text: string): string {
  return text.replace(/[\p{C}\p{Zl}\p{Zp}"\\]/gu, escaped);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (character === '"' || character === "\\") return `\\${character}`;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`;
}
