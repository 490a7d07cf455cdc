const OBJECT_PATH = /^\/(?:[A-Za-z0-9_]+(?:\/[A-Za-z0-9_]+)*)?$/;

/** https://dbus.freedesktop.org/doc/dbus-specification.html#message-protocol-marshaling-object-path */
export function isObjectPath(text: string): boolean {
  return OBJECT_PATH.test(text);
}

/** A D-Bus string is UTF-8 without NUL; a lone surrogate has no UTF-8 form. */
export function isDBusString(text: string): boolean {
  return !text.includes("\0") && text.isWellFormed();
}
