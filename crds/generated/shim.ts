// Generated from crds/shim.yaml by `npm run generate`. Do not edit.
import type {V1Condition, V1ObjectMeta, V1Toleration} from "@kubernetes/client-node";

/**
 * A Shim is a containerd shim that the runtime-class manager puts on every node that it selects: it downloads the executable, adds it to containerd's configuration, restarts containerd where that is needed, proves that it works, labels the node and keeps a RuntimeClass that schedules on those nodes only.
 */
export interface Shim {
  apiVersion: "runtime.spinkube.dev/v1alpha1";
  kind: "Shim";
  metadata: V1ObjectMeta;
  spec: ShimSpec;
  status?: ShimStatus;
}
/**
 * What is wanted.
 */
export interface ShimSpec {
  /**
   * Labels that a node must have to get the shim. Empty or absent selects every Linux node.
   */
  nodeSelector?: {
    /**
     * The value that the label must have.
     */
    [k: string]: string;
  };
  /**
   * Taints that the installer's pods, and pods of the RuntimeClass, tolerate besides those that every DaemonSet tolerates. A node with another NoSchedule or NoExecute taint is left alone and reported with the toleration to add. Removal tolerates everything.
   *
   * @maxItems 64
   */
  tolerations?: V1Toleration[];
  /**
   * True stops the rollout: no node is changed until it is false again. What is being done on a node is finished, and deletion of the Shim goes on.
   */
  paused?: boolean;
  fetchStrategy: ShimSpecFetchStrategy;
  /**
   * Options of the runtime in containerd's configuration. "true" and "false" become booleans, whole numbers become integers, everything else a string. containerd 1.6 passes none of them to a shim of another name than runc.
   */
  containerdRuntimeOptions?: {
    /**
     * The option's value.
     */
    [k: string]: string;
  };
  runtimeClass: ShimSpecRuntimeClass;
  rolloutStrategy?: ShimSpecRolloutStrategy;
}
/**
 * Where the executable comes from. Where platforms has entries, anonHttp is not used.
 */
export interface ShimSpecFetchStrategy {
  /**
   * Not used any more; accepted so that older manifests apply.
   */
  type?: string;
  anonHttp?: ShimSpecFetchStrategyAnonHttp;
  /**
   * One address for each operating system and architecture. A node that none of them fits is reported as NoArtifactForPlatform and is left alone.
   *
   * @maxItems 16
   */
  platforms?: ShimSpecFetchStrategyPlatform[];
}
/**
 * One address for nodes of every architecture. Used only when platforms is empty.
 */
export interface ShimSpecFetchStrategyAnonHttp {
  /**
   * http or https address of a tar archive (plain, gzip or zstd) that holds the executable, or of the executable itself.
   */
  location: string;
  /**
   * sha256 of the file that location serves, 64 hexadecimal digits. It is checked before anything in the file is read. Without it nodes run whatever is served.
   */
  sha256?: string;
}
/**
 * The source for one platform.
 */
export interface ShimSpecFetchStrategyPlatform {
  /**
   * Operating system of the node, as in node.status.nodeInfo.operatingSystem, any case.
   */
  os: string;
  /**
   * Architecture of the node, by Go's name (amd64, arm64) or uname's (x86_64, aarch64), any case.
   */
  arch: string;
  /**
   * http or https address of a tar archive (plain, gzip or zstd) that holds the executable, or of the executable itself.
   */
  location: string;
  /**
   * sha256 of the file that location serves, 64 hexadecimal digits. It is checked before anything in the file is read. Without it nodes run whatever is served.
   */
  sha256?: string;
}
/**
 * The RuntimeClass that pods name. Neither of its fields can be changed; create another Shim instead.
 */
export interface ShimSpecRuntimeClass {
  /**
   * Name of the RuntimeClass. One of this name that this Shim did not make is never touched.
   */
  name: string;
  /**
   * Name of the runtime in containerd's configuration. It need not be the Shim's name.
   */
  handler: string;
}
/**
 * How a change reaches the nodes.
 */
export interface ShimSpecRolloutStrategy {
  /**
   * recreate changes all nodes at once, up to the manager's limit for the cluster; rolling changes at most rolling.maxUpdate of them at a time.
   */
  type?: "recreate" | "rolling";
  rolling?: ShimSpecRolloutStrategyRolling;
  /**
   * The brake: once so many nodes have failed with the present spec, no further node is started until they are well again or the spec changes. A number of at least 1, or a percentage of the selected nodes. Default 1 for rolling; for recreate 10%, at least 3.
   */
  maxFailures?: number | string;
}
/**
 * Settings of the type rolling.
 */
export interface ShimSpecRolloutStrategyRolling {
  /**
   * How many nodes may be out of service at a time: a number of at least 1, or a percentage of the selected nodes ("10%", rounded down, at least 1). Default 1.
   */
  maxUpdate?: number | string;
}
/**
 * What is the case, written by the manager.
 */
export interface ShimStatus {
  /**
   * The generation of the spec that this status is about.
   */
  observedGeneration?: number;
  /**
   * Nodes that the selector matches and that can run containers of Linux.
   */
  nodes?: number;
  /**
   * Nodes on which containerd serves the wanted version of the shim.
   */
  nodesReady?: number;
  /**
   * Nodes on which an installer is at work.
   */
  nodesUpdating?: number;
  /**
   * Nodes on which the last try failed.
   */
  nodesFailed?: number;
  /**
   * Nodes from which the shim is still to be removed.
   */
  nodesRemoving?: number;
  /**
   * State of single nodes, those that need attention first; at most 100 of them.
   *
   * @maxItems 100
   */
  nodeStates?: ShimStatusNodeState[];
  /**
   * How many nodes nodeStates leaves out because there are too many.
   */
  nodeStatesOmitted?: number;
  /**
   * Ready (every selected node has the wanted version), Progressing (nodes are being changed), Degraded (nodes have failed, or something holds the rollout up).
   */
  conditions?: V1Condition[];
}
/**
 * State of one node.
 */
export interface ShimStatusNodeState {
  /**
   * The node's name.
   */
  name: string;
  /**
   * Pending, Installing, Installed (the file is there), Configured (containerd's configuration names it), Loaded (containerd serves it), Proven (a pod sandbox ran through it), Failed, RolledBack (failed, and the node is as it was before), Unsupported, Removing.
   */
  state:
    | "Pending"
    | "Installing"
    | "Installed"
    | "Configured"
    | "Loaded"
    | "Proven"
    | "Failed"
    | "RolledBack"
    | "Unsupported"
    | "Removing";
  /**
   * Why, in one word, for programs.
   */
  reason?: string;
  /**
   * What is the case and what to do, in one line.
   */
  message?: string;
  /**
   * sha256 of the executable on the node.
   */
  digest?: string;
  /**
   * How often the present spec has been tried on this node.
   */
  attempt?: number;
  /**
   * When the node came into this state.
   */
  since?: string;
}
