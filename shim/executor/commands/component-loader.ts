import type { Linked } from "../component/host-interface.ts";
import type { FolderOption } from "../host/filesystem/preopen.ts";
import type { HostServices } from "../host/services.ts";
import type { SpinServices } from "../host/spin-services.ts";
import type { HostState } from "../host/state.ts";
import type { PodLog } from "../server/pod-log.ts";
import type { LockedComponent } from "../spin/app/locked-app.ts";
import { SpinError } from "../spin/errors.ts";
import type { AppFiles } from "../spin/load/app-files.ts";
import type { NetworkSet } from "../spin/outbound/networks.ts";
import { parseAllowedHosts } from "../spin/outbound/parse-allowed-hosts.ts";
import type { Stores } from "../spin/stores/create-stores.ts";
import { lookupUnlessBlocked } from "../spin/trigger/blocked-lookup.ts";
import type { SpinComponent } from "../spin/trigger/http-trigger.ts";
import type { Inside } from "../spin/trigger/inside.ts";
import { OutboundPolicy } from "../spin/trigger/outbound-policy.ts";
import { SpinOutgoing } from "../spin/trigger/spin-outgoing.ts";
import type { VariableResolver } from "../spin/variables/variable-resolver.ts";
import { type Stdio, createServices } from "./host-services.ts";
import { type PreparingOptions, linkComponent, linkFile } from "./load-component.ts";
import type { Outside } from "./outside.ts";

export interface ComponentLoaderOptions {
  readonly files: AppFiles;
  readonly resolver: VariableResolver;
  readonly stores: Stores;
  readonly blocked: NetworkSet;
  readonly inside: Inside;
  readonly outside: Outside;
  /** What all components see besides their own files. */
  readonly volumes: readonly FolderOption[];
  readonly stdio: Stdio;
  readonly preparing: PreparingOptions;
  /** Called before each connection by TLS that is not of HTTP. */
  readonly trust: () => void;
  readonly log: PodLog;
}

export interface LoadedComponent extends SpinComponent {
  readonly services: HostServices & Disposable;
}

/** Prepares the components of an application, each with what its manifest gives it. */
export class ComponentLoader {
  readonly #options: ComponentLoaderOptions;
  /** By their sources: the same component under two ids is prepared once. */
  readonly #linked = new Map<string, Linked<HostState>>();

  constructor(options: ComponentLoaderOptions) {
    this.#options = options;
  }

  /**
   * @param args - of a command.
   * @throws {SpinError}, {ComponentError}, {VariableError}
   */
  async load(component: LockedComponent, args: readonly string[] = []): Promise<LoadedComponent> {
    const services = await this.#services(component, args);
    try {
      return { linked: this.#link(component), services };
    } catch (error) {
      services[Symbol.dispose]();
      throw error;
    }
  }

  #link(component: LockedComponent): Linked<HostState> {
    const key = this.#options.files.sourceKey(component);
    const linked = this.#linked.get(key) ?? this.#linkNew(component);
    this.#linked.set(key, linked);
    return linked;
  }

  #linkNew(component: LockedComponent): Linked<HostState> {
    const { files, preparing } = this.#options;
    const key = files.sourceKey(component);
    try {
      // Who prepared it has compared the bytes: they need not be read.
      return linkFile(preparing.found?.get(key)) ?? linkComponent(files.readSource(component), preparing);
    } catch (error) {
      if (error instanceof SpinError) throw error;
      throw new SpinError("INVALID", `Cannot load the component "${component.id}"`, { cause: error });
    }
  }

  async #services(component: LockedComponent, args: readonly string[]): Promise<HostServices & Disposable> {
    const { inside, outside, stdio } = this.#options;
    const policy = await this.#policy(component);
    return createServices({
      environment: Object.entries(component.environment),
      arguments: args,
      folders: await this.#folders(component),
      stdio,
      network: policy,
      outgoing: new SpinOutgoing({
        policy,
        sendToComponent: (id, call) => {
          inside.sendToComponent(id, call);
        },
        sendToSelf: (call) => {
          inside.sendToSelf(call);
        },
        outside: outside.of(component.id),
      }),
      spin: this.#spin(component, policy),
    });
  }

  /** A volume takes the place of what the manifest has there. */
  async #folders(component: LockedComponent): Promise<readonly FolderOption[]> {
    const { files, volumes } = this.#options;
    const own = await files.foldersOf(component);
    return [...own.filter(({ guestPath }) => !volumes.some((volume) => volume.guestPath === guestPath)), ...volumes];
  }

  async #policy({ id, allowedOutboundHosts }: LockedComponent): Promise<OutboundPolicy> {
    const { resolver, blocked, log } = this.#options;
    const owner = `component "${id}"`;
    const entries = await Promise.all(
      allowedOutboundHosts.map(async (written) => ({
        written,
        text: await resolver.resolveText(written, `an allowed host of ${owner}`),
      })),
    );
    return new OutboundPolicy({ component: id, hosts: parseAllowedHosts(entries, owner), blocked, log });
  }

  #spin(component: LockedComponent, policy: OutboundPolicy): SpinServices {
    const { resolver, stores, blocked, trust } = this.#options;
    const { keyValueStores, sqliteDatabases } = component;
    return {
      variables: resolver.forComponent(component),
      keyValueStore: (label) => (keyValueStores.includes(label) ? stores.keyValueStores.get(label) : undefined),
      database: (label) => (sqliteDatabases.includes(label) ? stores.databases.get(label) : undefined),
      mayConnect: async (scheme, address) => policy.mayConnect(scheme, address),
      lookup: lookupUnlessBlocked(blocked),
      beforeTls: trust,
    };
  }
}
