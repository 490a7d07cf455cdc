import { checkObject, checkText, checkTexts, invalid, isObject } from "./check.ts";
import { SpecError } from "./errors.ts";

/** What the pod says about the program, for the executor to hand to the guest. */
export interface GuestDocument {
  readonly args: readonly string[];
  /** `NAME=value` */
  readonly env: readonly string[];
  readonly cwd: string;
}

const PREFIX = "RCM_GUEST_";
/** Linux takes 128 KiB for one variable. */
const CHUNK_CHARACTERS = 100_000;
/** Linux takes a quarter of the stack's limit, mostly 2 MiB, for all arguments and variables of a process. */
const MAX_CHARACTERS = 1_500_000;

/**
 * The document as variables of the executor's process, which has no others of the pod's: `NODE_OPTIONS`, `LD_PRELOAD`
 * or `OPENSSL_CONF` of a pod are the guest's and must not reach the executor. Not a file, for it would have to belong
 * to the pod's user; not an argument, for others in a shared pid namespace may read those, and secrets are in it.
 *
 * @throws {SpecError} `SPEC_UNSUPPORTED` if it is too long.
 */
export function encodeGuest({ args, env, cwd }: GuestDocument): readonly string[] {
  const text = JSON.stringify({ args, env, cwd }).replaceAll(/[\u007f-\uffff]/g, escapeUnit); // One byte a character.
  if (text.length > MAX_CHARACTERS) {
    throw new SpecError(
      "SPEC_UNSUPPORTED",
      `Cannot hand process.args and process.env to the guest: they have ${String(text.length)} bytes as JSON, and the limit is ${String(MAX_CHARACTERS)}: give the container fewer variables (enableServiceLinks: false)`,
    );
  }
  const count = Math.ceil(text.length / CHUNK_CHARACTERS);
  return Array.from(
    { length: count },
    (_, index) => `${PREFIX}${String(index)}=${text.slice(index * CHUNK_CHARACTERS, (index + 1) * CHUNK_CHARACTERS)}`,
  );
}

/** @param env of a process: was it given a guest's document? */
export function hasGuest(env: Readonly<Record<string, string | undefined>>): boolean {
  return `${PREFIX}0` in env;
}

/**
 * The inverse of `encodeGuest`, for the executor.
 *
 * @param env of the executor's process.
 * @throws {SpecError} `SPEC_INVALID`.
 */
export function decodeGuest(env: Readonly<Record<string, string | undefined>>): GuestDocument {
  const chunks: string[] = [];
  for (let chunk = env[`${PREFIX}0`]; chunk !== undefined; chunk = env[`${PREFIX}${String(chunks.length)}`]) {
    chunks.push(chunk);
  }
  const document = parse(chunks.join(""));
  if (!isGuestDocument(document)) throw invalid(PREFIX, "it is no document for a guest");
  return document;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new SpecError("SPEC_INVALID", `Cannot read the variables "${PREFIX}0"…: start the executor by the shim`, {
      cause: error,
    });
  }
}

function isGuestDocument(value: unknown): value is GuestDocument {
  const { args, env, cwd } = checkObject(PREFIX, value);
  checkTexts(`${PREFIX}args`, args);
  checkTexts(`${PREFIX}env`, env);
  checkText(`${PREFIX}cwd`, cwd);
  return isObject(value);
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}
