import { isKubeError, type Kube } from "@rcm/lib/kube";
import { CA_DIGEST_ANNOTATION, CA_MANAGER, MANAGED_BY_ANNOTATION } from "./ca-names.ts";
import type { DataView } from "./data-view.ts";
import { CA_FILE } from "./references.ts";
import { SECRETS } from "./resources.ts";

/** Public certificates, in the PEM format. */
export interface CaBundle {
  readonly pem: string;
  readonly sha256: string;
}

/** Keeps a Secret with public certificates in each namespace that wants one. */
export class Certificates {
  readonly #kube: Pick<Kube, "create" | "patch">;
  readonly #bundle: CaBundle;
  /** Secrets that were written and that the cache may not know yet: all SpinApps of a namespace ask at once. */
  readonly #written = new Map<string, Promise<void>>();

  constructor(kube: Pick<Kube, "create" | "patch">, bundle: CaBundle) {
    this.#kube = kube;
    this.#bundle = bundle;
  }

  /** @param known what the cache has; a Secret that is not ours is left as it is. */
  async install(
    ref: { readonly namespace: string; readonly name: string },
    known: DataView | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const key = `${ref.namespace}/${ref.name}`;
    if (known !== undefined && (known.certificates === undefined || known.certificates === this.#bundle.sha256)) {
      this.#written.delete(key);
      return;
    }
    const writing = this.#written.get(key) ?? this.#write(ref, known !== undefined, signal);
    this.#written.set(key, writing);
    try {
      await writing;
    } catch (error) {
      this.#written.delete(key);
      throw error;
    }
  }

  /** The cache has seen the Secret go. */
  forget(key: string): void {
    this.#written.delete(key);
  }

  async #write(
    { namespace, name }: { readonly namespace: string; readonly name: string },
    isThere: boolean,
    signal: AbortSignal,
  ): Promise<void> {
    const annotations = { [MANAGED_BY_ANNOTATION]: CA_MANAGER, [CA_DIGEST_ANNOTATION]: this.#bundle.sha256 };
    const data = { [CA_FILE]: Buffer.from(this.#bundle.pem).toString("base64") };
    try {
      if (isThere) {
        const body = { metadata: { annotations }, data };
        await this.#kube.patch(SECRETS, { namespace, name }, { kind: "merge", body }, signal);
      } else {
        const secret = { metadata: { namespace, name, annotations }, type: "Opaque", data };
        await this.#kube.create(SECRETS, secret, {}, signal);
      }
    } catch (error) {
      // Somebody made it, or removed it, at the same time: the cache will show it.
      if (!isKubeError(error, "AlreadyExists", "NotFound")) throw error;
    }
  }
}
