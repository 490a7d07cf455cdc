import type { TextField } from "../trigger/write-response.ts";

export interface CgiHead {
  readonly status: number;
  readonly fields: readonly TextField[];
}

/** What is wrong with the head, and the status to answer in its place. */
export interface CgiFault {
  readonly status: 500 | 502;
  readonly reason: string;
}

const LINE = /^([^:\s]+)\s*:\s*(.*)$/;
const STATUS = "status";
const STATUS_LINE = /^([1-9][0-9]{2})(?: |$)/;
const REDIRECT = 302;
const MAX_QUOTED = 80;

/**
 * The head of a CGI program's answer: lines `Name: value`. It must have `content-type`, `location` or `status`.
 *
 * @see {@link https://www.rfc-editor.org/rfc/rfc3875#section-6}
 */
export function parseCgiHead(text: string): CgiHead | CgiFault {
  const lines = text
    .split("\n")
    .map((line) => line.trimEnd())
    .filter((line) => line !== "");
  const all = lines.map((line): TextField => {
    const [, name = "", value = ""] = LINE.exec(line) ?? [];
    return [name.toLowerCase(), value.trim()];
  });
  const wrong = all.findIndex(([name]) => name === "");
  if (wrong >= 0) return fault(500, `the line "${lines[wrong]?.slice(0, MAX_QUOTED)}" is no header`);
  const fields = all.filter(([name]) => name !== STATUS);
  const status = all.findLast(([name]) => name === STATUS)?.[1];
  return withStatus(status, fields);
}

function withStatus(text: string | undefined, fields: readonly TextField[]): CgiHead | CgiFault {
  const isRedirect = fields.some(([name]) => name === "location");
  if (text === undefined) {
    if (isRedirect) return { status: REDIRECT, fields };
    if (fields.some(([name]) => name === "content-type")) return { status: 200, fields };
    return fault(500, "it has neither content-type, location nor status");
  }
  const status = STATUS_LINE.exec(text)?.[1];
  return status === undefined
    ? fault(502, `the status "${text.slice(0, MAX_QUOTED)}" is no number`)
    : { status: Number(status), fields };
}

function fault(status: CgiFault["status"], reason: string): CgiFault {
  return { status, reason: `Cannot take the head of the guest's answer: ${reason}` };
}
