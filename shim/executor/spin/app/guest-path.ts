import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";

const MAX_PATH = 4096;
const MAX_PART = 255;

/**
 * The text of a field as a path in the guest: without `.` and empty parts, and with or without a `/` in front.
 *
 * @throws {SpinError} `INVALID` if it leads out of the guest's root, is too long, or is the root and `form` is relative.
 */
export function guestPath(table: Table, name: string, form: "absolute" | "relative"): string {
  const text = table.text(name);
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw table.error(name, `${quote(text)} has ".." in it`, "write the path from the root");
  if (text.length > MAX_PATH || parts.some((part) => part.length > MAX_PART)) {
    throw table.error(name, `${quote(text)} is too long for a path`, "shorten it");
  }
  if (form === "absolute") return `/${parts.join("/")}`;
  if (parts.length === 0) throw table.error(name, `${quote(text)} names no file`, "write the file's name");
  return parts.join("/");
}
