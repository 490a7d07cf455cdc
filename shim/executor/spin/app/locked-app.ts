/**
 * A Spin application as it runs: what a `spin.toml` comes to when everything it refers to is known, and what Spin's
 * tools put into an image (Spin's locked application, `application/vnd.fermyon.spin.application.v1+config`).
 */
export interface LockedApp {
  readonly name: string;
  readonly version: string | undefined;
  readonly description: string | undefined;
  readonly variables: ReadonlyMap<string, AppVariable>;
  readonly triggers: readonly LockedTrigger[];
  readonly components: readonly LockedComponent[];
  /** Settings of each type of trigger, by the type: `[application.trigger.redis]`. */
  readonly triggerSettings: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

/** A variable of the application. Without a default it must come from a provider. */
export interface AppVariable {
  readonly default: string | undefined;
  readonly isSecret: boolean;
  readonly description: string | undefined;
}

export interface LockedTrigger {
  readonly id: string;
  /** `http`, `redis`, … */
  readonly type: string;
  /** As in the manifest; the trigger checks it. `component` is the id of its component, if it has one. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface LockedComponent {
  readonly id: string;
  readonly description: string | undefined;
  readonly source: ContentReference;
  readonly environment: Readonly<Record<string, string>>;
  readonly files: readonly LockedFile[];
  /** Templates by the component's variables: `{ greeting: "Hello {{ name }}" }`. */
  readonly variables: Readonly<Record<string, string>>;
  /** Entries as written, with templates in them. */
  readonly allowedOutboundHosts: readonly string[];
  readonly keyValueStores: readonly string[];
  readonly sqliteDatabases: readonly string[];
  readonly aiModels: readonly string[];
}

/** Where bytes are. */
export type ContentReference =
  /** A file on the host, absolute. */
  | { readonly kind: "file"; readonly path: string }
  | { readonly kind: "inline"; readonly bytes: Uint8Array }
  /** `sha256:…`; whoever loads the application knows where the content with that digest is. */
  | { readonly kind: "digest"; readonly digest: string };

/** A file or folder that the component sees. */
export interface LockedFile {
  readonly content: ContentReference;
  /** In the guest: relative to `/` for one file (an image's asset), absolute for a folder of the host. */
  readonly path: string;
}
