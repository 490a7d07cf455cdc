// Generated from crds/spinapp.yaml by `npm run generate`. Do not edit.
import type {
  V1Affinity,
  V1Condition,
  V1Container,
  V1EnvVar,
  V1EnvVarSource,
  V1ObjectMeta,
  V1PodSecurityContext,
  V1ResourceRequirements,
  V1SecurityContext,
  V1Toleration,
  V1TopologySpreadConstraint,
  V1Volume,
  V1VolumeMount
} from "@kubernetes/client-node";

/**
 * A SpinApp is a Spin application that runs on the cluster: a Deployment of pods that its executor describes, a Service, and where runtimeConfig is given a Secret with it. They are named after the SpinApp and go with it.
 */
export interface SpinApp {
  apiVersion: "core.spinkube.dev/v1alpha1";
  kind: "SpinApp";
  metadata: V1ObjectMeta;
  spec: SpinAppSpec;
  status?: SpinAppStatus;
}
/**
 * What is wanted.
 */
export interface SpinAppSpec {
  /**
   * Name of the SpinAppExecutor, in the namespace of the SpinApp. When absent it is containerd-shim-spin where there is one, else the first by name, and stays that as long as it exists.
   */
  executor?: string;
  /**
   * Reference of the Spin application in a registry.
   */
  image: string;
  /**
   * When a node pulls the image: Always, IfNotPresent or Never. When absent it is Always for a tag "latest" or no tag, else IfNotPresent.
   */
  imagePullPolicy?: "Always" | "IfNotPresent" | "Never";
  /**
   * Secrets of type kubernetes.io/dockerconfigjson that registries ask for.
   *
   * @maxItems 64
   */
  imagePullSecrets?: SpinAppSpecImagePullSecret[];
  checks?: SpinAppSpecChecks;
  /**
   * Pods that are wanted: 1 when absent, and 0 stops the application. Leave it out when enableAutoscaling is true. `kubectl scale spinapp` and a HorizontalPodAutoscaler whose target is the SpinApp write it.
   */
  replicas?: number;
  /**
   * True leaves the number of pods to an autoscaler whose target is the Deployment of the SpinApp's name. It is not needed for an autoscaler whose target is the SpinApp itself.
   */
  enableAutoscaling?: boolean;
  runtimeConfig?: SpinAppSpecRuntimeConfig;
  /**
   * Volumes of the pod, as in a Pod.
   *
   * @maxItems 64
   */
  volumes?: V1Volume[];
  /**
   * Where the application's container has the volumes, as in a Pod.
   *
   * @maxItems 64
   */
  volumeMounts?: V1VolumeMount[];
  /**
   * Variables of the Spin application.
   *
   * @maxItems 128
   */
  variables?: SpinAppSpecVariable[];
  /**
   * Environment of the application's container, as in a Pod. An entry here goes over one that comes from the variables or the executor.
   *
   * @maxItems 256
   */
  env?: V1EnvVar[];
  /**
   * Annotations of the Service.
   */
  serviceAnnotations?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * Annotations of the Deployment. Not with an executor that makes none.
   */
  deploymentAnnotations?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * Annotations of the pods. Not with an executor that makes no Deployment.
   */
  podAnnotations?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * Labels of the pods besides those that the operator needs.
   */
  podLabels?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * How the Service is reached: ClusterIP (from within the cluster), NodePort or LoadBalancer.
   */
  serviceType?: "ClusterIP" | "NodePort" | "LoadBalancer";
  /**
   * Port of the Service.
   */
  servicePort?: number;
  /**
   * Port on which the application listens in its pod. A pod that may not be root needs 1024 or more on some nodes.
   */
  port?: number;
  /**
   * What the application's container needs and may use at most.
   */
  resources?: V1ResourceRequirements;
  /**
   * Components of the application that run; all when absent.
   *
   * @minItems 1
   * @maxItems 128
   *
   * Items: Id of a component.
   */
  components?: string[];
  /**
   * Service account of the pods; "default" when absent.
   */
  serviceAccountName?: string;
  /**
   * Limits of one call of the application. "memory" is a quantity such as 64Mi; others are named after their executor, as example.org/wallTime.
   */
  invocationLimits?: {
    /**
     * The limit.
     */
    [k: string]: string;
  };
  /**
   * Labels that a node must have besides those that the RuntimeClass asks for.
   */
  nodeSelector?: {
    /**
     * The value.
     */
    [k: string]: string;
  };
  /**
   * Taints of nodes that the pods tolerate, as in a Pod.
   *
   * @maxItems 64
   */
  tolerations?: V1Toleration[];
  /**
   * As pod.spec.affinity in a Pod.
   */
  affinity?: V1Affinity;
  /**
   * How the pods spread over zones and nodes, as in a Pod.
   *
   * @maxItems 32
   */
  topologySpreadConstraints?: V1TopologySpreadConstraint[];
  /**
   * As pod.spec.containers.securityContext in a Pod.
   */
  securityContext?: V1SecurityContext;
  /**
   * As pod.spec.securityContext in a Pod.
   */
  podSecurityContext?: V1PodSecurityContext;
  /**
   * Containers beside the application's, as in a Pod. With an executor of a RuntimeClass they run through it too.
   *
   * @maxItems 16
   */
  sidecars?: V1Container[];
}
/**
 * A Secret in the namespace of the SpinApp.
 */
export interface SpinAppSpecImagePullSecret {
  /**
   * The Secret's name.
   */
  name?: string;
}
/**
 * Requests by which the kubelet finds out how the application is.
 */
export interface SpinAppSpecChecks {
  readiness?: SpinAppSpecChecksReadiness;
  liveness?: SpinAppSpecChecksLiveness;
}
/**
 * While it fails, the pod gets no requests from the Service.
 */
export interface SpinAppSpecChecksReadiness {
  httpGet: SpinAppSpecChecksReadinessHttpGet;
  /**
   * Time from the start of the container to the first request, in seconds.
   */
  initialDelaySeconds?: number;
  /**
   * Time within which the answer must come, in seconds.
   */
  timeoutSeconds?: number;
  /**
   * Time from one request to the next, in seconds.
   */
  periodSeconds?: number;
  /**
   * How many good answers in a row make it well again.
   */
  successThreshold?: number;
  /**
   * How many failures in a row count.
   */
  failureThreshold?: number;
}
/**
 * The request. It goes to the port on which the application listens.
 */
export interface SpinAppSpecChecksReadinessHttpGet {
  /**
   * Path of the request.
   */
  path: string;
  /**
   * Headers of the request.
   *
   * @maxItems 64
   */
  httpHeaders?: SpinAppSpecChecksReadinessHttpGetHttpHeader[];
}
/**
 * One header.
 */
export interface SpinAppSpecChecksReadinessHttpGetHttpHeader {
  /**
   * Name of the header.
   */
  name: string;
  /**
   * Value of the header.
   */
  value: string;
}
/**
 * When it fails, the container is started again.
 */
export interface SpinAppSpecChecksLiveness {
  httpGet: SpinAppSpecChecksLivenessHttpGet;
  /**
   * Time from the start of the container to the first request, in seconds.
   */
  initialDelaySeconds?: number;
  /**
   * Time within which the answer must come, in seconds.
   */
  timeoutSeconds?: number;
  /**
   * Time from one request to the next, in seconds.
   */
  periodSeconds?: number;
  /**
   * How many good answers in a row make it well again; always 1.
   */
  successThreshold?: number;
  /**
   * How many failures in a row count.
   */
  failureThreshold?: number;
}
/**
 * The request. It goes to the port on which the application listens.
 */
export interface SpinAppSpecChecksLivenessHttpGet {
  /**
   * Path of the request.
   */
  path: string;
  /**
   * Headers of the request.
   *
   * @maxItems 64
   */
  httpHeaders?: SpinAppSpecChecksLivenessHttpGetHttpHeader[];
}
/**
 * One header.
 */
export interface SpinAppSpecChecksLivenessHttpGetHttpHeader {
  /**
   * Name of the header.
   */
  name: string;
  /**
   * Value of the header.
   */
  value: string;
}
/**
 * Configuration of the Spin runtime, mounted as /runtime-config.toml.
 */
export interface SpinAppSpecRuntimeConfig {
  /**
   * Name of a Secret with the key runtime-config.toml. When given, nothing else in runtimeConfig is used.
   */
  loadFromSecret?: string;
  /**
   * SQLite databases; one named default is what applications use unless they say otherwise.
   *
   * @maxItems 64
   */
  sqliteDatabases?: SpinAppSpecRuntimeConfigSqliteDatabase[];
  /**
   * Key-value stores; one named default is what applications use unless they say otherwise.
   *
   * @maxItems 64
   */
  keyValueStores?: SpinAppSpecRuntimeConfigKeyValueStore[];
  llmCompute?: SpinAppSpecRuntimeConfigLlmCompute;
}
/**
 * A SQLite database.
 */
export interface SpinAppSpecRuntimeConfigSqliteDatabase {
  /**
   * Name by which the application opens it.
   */
  name: string;
  /**
   * spin (a file) or libsql (options url and token), or what a runtime of your own knows.
   */
  type: string;
  /**
   * Options of the type.
   *
   * @maxItems 64
   */
  options?: SpinAppSpecRuntimeConfigSqliteDatabaseOption[];
}
/**
 * One option, with a value or a source of it.
 */
export interface SpinAppSpecRuntimeConfigSqliteDatabaseOption {
  /**
   * Name of the option.
   */
  name: string;
  /**
   * The value itself.
   */
  value?: string;
  /**
   * Where the value comes from.
   */
  valueFrom?: V1EnvVarSource;
}
/**
 * A key-value store.
 */
export interface SpinAppSpecRuntimeConfigKeyValueStore {
  /**
   * Name by which the application opens it.
   */
  name: string;
  /**
   * spin (a file) or redis (option url), which our own shim has; azure_cosmos, aws_dynamo, or what a runtime of your own knows.
   */
  type: string;
  /**
   * Options of the type.
   *
   * @maxItems 64
   */
  options?: SpinAppSpecRuntimeConfigKeyValueStoreOption[];
}
/**
 * One option, with a value or a source of it.
 */
export interface SpinAppSpecRuntimeConfigKeyValueStoreOption {
  /**
   * Name of the option.
   */
  name: string;
  /**
   * The value itself.
   */
  value?: string;
  /**
   * Where the value comes from.
   */
  valueFrom?: V1EnvVarSource;
}
/**
 * Where inference runs.
 */
export interface SpinAppSpecRuntimeConfigLlmCompute {
  /**
   * spin (on the node) or remote_http (options url and auth_token). Our own shim runs no models.
   */
  type: string;
  /**
   * Options of the type.
   *
   * @maxItems 64
   */
  options?: SpinAppSpecRuntimeConfigLlmComputeOption[];
}
/**
 * One option, with a value or a source of it.
 */
export interface SpinAppSpecRuntimeConfigLlmComputeOption {
  /**
   * Name of the option.
   */
  name: string;
  /**
   * The value itself.
   */
  value?: string;
  /**
   * Where the value comes from.
   */
  valueFrom?: V1EnvVarSource;
}
/**
 * One variable, with a value or a source of it.
 */
export interface SpinAppSpecVariable {
  /**
   * Name of the variable, as the application's manifest declares it.
   */
  name: string;
  /**
   * The value itself.
   */
  value?: string;
  /**
   * As pod.spec.containers.env.valueFrom in a Pod.
   */
  valueFrom?: V1EnvVarSource;
}
/**
 * What is the case, written by the operator.
 */
export interface SpinAppStatus {
  /**
   * The generation of the spec that this status is about.
   */
  observedGeneration?: number;
  /**
   * Name of the SpinAppExecutor in use.
   */
  activeScheduler?: string;
  /**
   * Pods that are ready.
   */
  readyReplicas: number;
  /**
   * Pods that are wanted, by the SpinApp or by its autoscaler.
   */
  desiredReplicas?: number;
  /**
   * Pods that there are.
   */
  replicas?: number;
  /**
   * Pods of the present spec.
   */
  updatedReplicas?: number;
  /**
   * Selects the pods, for autoscalers.
   */
  selector?: string;
  /**
   * Where the application answers.
   */
  address?: string;
  /**
   * Name of the Deployment, once there is one.
   */
  deploymentName?: string;
  /**
   * Name of the Service, once there is one.
   */
  serviceName?: string;
  /**
   * Ready (the application runs as the spec says; if not, the message says what is in the way and what to do), Available and Progressing (those of the Deployment).
   */
  conditions?: V1Condition[];
}
