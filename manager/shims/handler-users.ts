import { isKubeError, type Kube } from "@rcm/lib/kube";
import type { NodeView } from "./node-view.ts";
import { PODS } from "./resources.ts";
import { LOOK_MS } from "./retry.ts";

/** A node that waits for pods to end. */
export interface WaitingNode {
  readonly node: string;
  /** Name of the Job that found them. */
  readonly job: string;
  /** `namespace/name` */
  readonly users: readonly string[];
}

interface Look {
  readonly atMs: number;
  readonly isGone: boolean;
}

/**
 * Whether the pods are gone that an uninstall Job has found to use the handler: a look costs a request or few, another
 * Job a pod on the node.
 */
export class HandlerUsers {
  readonly #kube: Pick<Kube, "list">;
  /** By Shim and Job. */
  readonly #looks = new Map<string, ReadonlyMap<string, Look>>();

  constructor(kube: Pick<Kube, "list">) {
    this.#kube = kube;
  }

  /** Names of the Shim's Jobs none of whose users is there any more. */
  gone(shim: string): ReadonlySet<string> {
    const gone = [...this.#looksOf(shim)].filter(([, { isGone }]) => isGone);
    return new Set(gone.map(([job]) => job));
  }

  /** Those of `waiting` that are to be looked at again, longest unseen first. What is known of others is forgotten. */
  due(shim: string, waiting: readonly WaitingNode[], nowMs: number): readonly WaitingNode[] {
    const before = this.#looksOf(shim);
    const looks = new Map(
      waiting.flatMap(({ job }) => {
        const look = before.get(job);
        return look === undefined ? [] : [[job, look]];
      }),
    );
    this.#remember(shim, looks);
    function lastMs({ job }: WaitingNode): number {
      return looks.get(job)?.atMs ?? 0;
    }
    const due = waiting.filter((one) => looks.get(one.job)?.isGone !== true && nowMs - lastMs(one) >= LOOK_MS);
    return due.toSorted((a, b) => lastMs(a) - lastMs(b));
  }

  async look(shim: string, due: readonly WaitingNode[], nowMs: number, signal: AbortSignal): Promise<void> {
    const seen = await Promise.all(
      due.map(async (one): Promise<[string, Look]> => {
        const isGone = !(await this.#isAnyThere(one, signal));
        return [one.job, { atMs: nowMs, isGone }];
      }),
    );
    this.#remember(shim, new Map([...this.#looksOf(shim), ...seen]));
  }

  #looksOf(shim: string): ReadonlyMap<string, Look> {
    return this.#looks.get(shim) ?? new Map<string, Look>();
  }

  #remember(shim: string, looks: ReadonlyMap<string, Look>): void {
    if (looks.size === 0) this.#looks.delete(shim);
    else this.#looks.set(shim, looks);
  }

  /** One after another: mostly the first is there. */
  async #isAnyThere({ users, node }: WaitingNode, signal: AbortSignal): Promise<boolean> {
    for (const user of users) if (await this.#isThere(user, node, signal)) return true;
    return false;
  }

  /** On this node and at work: a pod that has ended may stay in the API for long. Lists, as we may not get. */
  async #isThere(user: string, node: string, signal: AbortSignal): Promise<boolean> {
    const [namespace = "", name = ""] = user.split("/");
    const atWork = "status.phase!=Succeeded,status.phase!=Failed";
    const fieldSelector = `metadata.name=${name},spec.nodeName=${node},${atWork}`;
    try {
      const options = { namespace, fieldSelector, part: "metadata", project: () => true } as const;
      return (await this.#kube.list(PODS, options, signal)).items.length > 0;
    } catch (error) {
      if (isKubeError(error, "Forbidden")) return false; // Then only another Job can tell.
      throw error;
    }
  }
}

/** Nodes whose record names pods that the removal of this Shim waits for. @param key that of the Shim's record. */
export function waitingNodes(nodes: readonly NodeView[], key: string): readonly WaitingNode[] {
  return nodes.flatMap(({ name: node, ready, records }) => {
    const { reason, job = "", users = [] } = records[key] ?? {};
    return ready && reason === "InUse" && users.length > 0 ? [{ node, job, users }] : [];
  });
}
