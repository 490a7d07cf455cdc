import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** The folder of a Spin application that a test makes up. */
export class SpinFolder implements Disposable {
  readonly path: string = mkdtempSync(join(tmpdir(), "spin-folder-"));

  /** @param body - the manifest behind its version and the application's name. */
  manifest(body: string): void {
    this.write("spin.toml", `spin_manifest_version = 2\n[application]\nname = "test"\nversion = "1.2.3"\n${body}`);
  }

  write(path: string, content: string | Uint8Array): void {
    const place = join(this.path, path);
    mkdirSync(dirname(place), { recursive: true });
    writeFileSync(place, content);
  }

  copy(from: string, path: string): void {
    cpSync(from, join(this.path, path), { recursive: true });
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true });
  }
}
