import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { ClusterError } from "./cluster-error.ts";
import { runCommand } from "./run-command.ts";

const APT_TIMEOUT_MS = 10 * 60_000;
const KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg";

/**
 * A Debian suite other than the machine's own, of which the machine's apt and dpkg do not learn. apt checks what comes
 * from it: the suite's signature, the digest of its index, the digest of each package.
 */
export class ForeignSuite {
  readonly #suite: string;
  readonly #folder: string;

  private constructor(suite: string, folder: string) {
    this.#suite = suite;
    this.#folder = folder;
  }

  /**
   * Gets its index.
   *
   * @param folder for indexes and packages; what was in it is deleted.
   * @throws {ClusterError} `MACHINE_UNFIT` if the machine's apt knows no Debian mirror.
   */
  static async open(suite: string, folder: string, signal: AbortSignal): Promise<ForeignSuite> {
    await rm(folder, { recursive: true, force: true });
    const folders = ["lists/partial", "cache/archives/partial"];
    await Promise.all(folders.map(async (name) => mkdir(join(folder, name), { recursive: true })));
    const source = `deb [signed-by=${KEYRING}] ${await debianMirror()} ${suite} main\n`;
    await writeFile(join(folder, "sources.list"), source);
    const opened = new ForeignSuite(suite, folder);
    await opened.#apt("apt-get", ["update"], signal);
    return opened;
  }

  /**
   * What an empty package stands for, as `linux-image-cloud-amd64` for that of the newest kernel.
   *
   * @throws {ClusterError} `MACHINE_UNFIT` if it depends on nothing.
   */
  async dependencyOf(name: string, signal: AbortSignal): Promise<string> {
    const text = await this.#apt("apt-cache", ["depends", "--important", name], signal);
    const found = /^ *Depends: (\S+)$/m.exec(text)?.[1];
    if (found !== undefined) return found;
    throw new ClusterError("MACHINE_UNFIT", `Cannot get "${name}": it depends on nothing in Debian's ${this.#suite}`);
  }

  /** @returns the path of the package. */
  async download(name: string, signal: AbortSignal): Promise<string> {
    await this.#apt("apt-get", ["download", name], signal);
    const archive = (await readdir(this.#folder)).find((file) => file.startsWith(`${name}_`));
    if (archive !== undefined) return join(this.#folder, archive);
    throw new ClusterError("MACHINE_UNFIT", `Cannot get "${name}" from Debian's ${this.#suite}: apt leaves no file`);
  }

  async #apt(program: string, words: readonly string[], signal: AbortSignal): Promise<string> {
    const folder = this.#folder;
    const values = {
      "Dir::Etc::sourcelist": join(folder, "sources.list"),
      "Dir::Etc::sourceparts": "/dev/null",
      "Dir::State::lists": join(folder, "lists"),
      "Dir::Cache": join(folder, "cache"),
      "APT::Sandbox::User": "root",
    };
    const settings = Object.entries(values).flatMap(([key, value]) => ["-o", `${key}=${value}`]);
    return runCommand([program, ...settings, ...words], { cwd: folder, timeoutMs: APT_TIMEOUT_MS }, signal);
  }
}

async function debianMirror(): Promise<string> {
  const folder = "/etc/apt/sources.list.d";
  const names = await readdir(folder).catch(() => []);
  const files = ["debian.sources", ...names].map((name) => join(folder, name));
  for (const file of [...files, "/etc/apt/sources.list"]) {
    const mirror = mirrorIn(await readFile(file, "utf8").catch(() => ""));
    if (mirror !== undefined) return mirror;
  }
  throw new ClusterError("MACHINE_UNFIT", `Cannot get packages: apt on this machine names no Debian mirror`);
}

/** The first mirror of the Debian archive proper in a `.sources` or one-line file. */
export function mirrorIn(sources: string): string | undefined {
  return /^(?:URIs:|deb(?: +\[[^\]]*\])?) +(\S+\/debian)\/?(?:\s|$)/m.exec(sources)?.[1];
}
