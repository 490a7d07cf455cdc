import type { Answer } from "../../server/answer.ts";
import type { LockedApp } from "../app/locked-app.ts";

export const WELL_KNOWN_PREFIX = "/.well-known/spin/";

/** What every Spin application answers: for probes, and for those who want to know which one it is. */
export class WellKnown {
  readonly #info: Buffer;

  constructor({ name, version }: Pick<LockedApp, "name" | "version">) {
    this.#info = Buffer.from(JSON.stringify({ name, version }, undefined, 2));
  }

  /** @param path begins with `WELL_KNOWN_PREFIX`. */
  answer(path: string, answer: Answer): void {
    const name = path.slice(WELL_KNOWN_PREFIX.length);
    if (name === "health") answer.reply(200, [], Buffer.from("OK"));
    else if (name === "info") answer.reply(200, ["content-type", "application/json"], this.#info);
    else answer.reply(404, [], Buffer.alloc(0));
  }
}
