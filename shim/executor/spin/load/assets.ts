import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ContentReference, LockedFile } from "../app/locked-app.ts";
import { SpinError } from "../errors.ts";
import { unpackArchives } from "./archives.ts";

/** Where the bytes of a file are, or the bytes themselves. */
export type Locate = (reference: ContentReference, what: string) => string | Uint8Array;

/** The folders that components see at `/`, made of single files. */
export class Assets {
  readonly #locate: Locate;
  readonly #layout: string | undefined;
  #folder: string | undefined = undefined;
  #unpacked: ReadonlyMap<string, string> | undefined = undefined;

  /** @param layout - with what the shim has laid out already, if it did. */
  constructor(locate: Locate, layout: string | undefined) {
    this.#locate = locate;
    this.#layout = layout;
  }

  /** The folder that was made, if one was. */
  get folder(): string | undefined {
    return this.#folder;
  }

  /** @throws {SpinError} `MISSING` if a file is not there, or does not fit. */
  async of(component: string, files: readonly LockedFile[]): Promise<string> {
    const laidOut = this.#layout === undefined ? undefined : join(this.#layout, "assets", component);
    if (laidOut !== undefined && existsSync(laidOut)) return laidOut;
    const folder = join((this.#folder ??= mkdtempSync(join(tmpdir(), "spin-app-"))), "assets", component);
    mkdirSync(folder, { recursive: true });
    for (const file of files) await this.#put(component, folder, file);
    return folder;
  }

  async #put(component: string, folder: string, { content, path }: LockedFile): Promise<void> {
    const what = `the file "${path}" of the component "${component}"`;
    const place = join(folder, path); // Checked when the application was read: it has no `..`.
    try {
      mkdirSync(dirname(place), { recursive: true });
      const source = (await this.#archived(content)) ?? this.#locate(content, what);
      if (typeof source === "string") cpSync(source, place, { recursive: true, dereference: true });
      else writeFileSync(place, source);
      chmodSync(place, 0o755);
    } catch (error) {
      if (error instanceof SpinError) throw error;
      throw new SpinError("MISSING", `Cannot give ${what} to it: it is not there, or does not fit into "${folder}"`, {
        cause: error,
      });
    }
  }

  async #archived(content: ContentReference): Promise<string | undefined> {
    if (content.kind !== "digest" || this.#layout === undefined || this.#folder === undefined) return undefined;
    if (existsSync(join(this.#layout, "content", content.digest.slice("sha256:".length)))) return undefined;
    this.#unpacked ??= await unpackArchives(join(this.#layout, "archives"), join(this.#folder, "archives"));
    return this.#unpacked.get(content.digest);
  }
}
