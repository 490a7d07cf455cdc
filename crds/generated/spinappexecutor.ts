// Generated from crds/spinappexecutor.yaml by `npm run generate`. Do not edit.
import type {V1ObjectMeta} from "@kubernetes/client-node";

/**
 * A SpinAppExecutor says how the SpinApps of its namespace that name it are run. It cannot be deleted while one does.
 */
export interface SpinAppExecutor {
  apiVersion: "core.spinkube.dev/v1alpha1";
  kind: "SpinAppExecutor";
  metadata: V1ObjectMeta;
  spec: SpinAppExecutorSpec;
  /**
   * Nothing so far.
   */
  status?: {};
}
/**
 * How applications are run.
 */
export interface SpinAppExecutorSpec {
  /**
   * True makes a Deployment for each SpinApp. False makes a Service only, for pods that something else makes: they need the label core.spinkube.dev/app.NAME.status=ready and a port named http-app.
   */
  createDeployment: boolean;
  deploymentConfig?: SpinAppExecutorSpecDeploymentConfig;
}
/**
 * What the pods are like. It needs runtimeClassName or spinImage.
 */
export interface SpinAppExecutorSpecDeploymentConfig {
  /**
   * RuntimeClass of the pods, one that a Shim keeps for example.
   */
  runtimeClassName?: string;
  /**
   * Image of the spin command line, which then runs the application in an ordinary container. It pulls the application itself, without the SpinApp's imagePullSecrets.
   */
  spinImage?: string;
  /**
   * Name of a Secret in the application's namespace whose key ca-certificates.crt is mounted as /etc/ssl/certs/ca-certificates.crt.
   */
  caCertSecret?: string;
  /**
   * True makes that Secret (spin-ca unless caCertSecret says otherwise), with Mozilla's certificates, where there is none. One that the operator made is renewed with the operator; another is left alone.
   */
  installDefaultCACerts?: boolean;
  otel?: SpinAppExecutorSpecDeploymentConfigOtel;
}
/**
 * Where the runtime sends its telemetry, in the variables of OpenTelemetry. Our own shim sends none; others may.
 */
export interface SpinAppExecutorSpecDeploymentConfigOtel {
  /**
   * Value of OTEL_EXPORTER_OTLP_ENDPOINT.
   */
  exporter_otlp_endpoint?: string;
  /**
   * Value of OTEL_EXPORTER_OTLP_TRACES_ENDPOINT.
   */
  exporter_otlp_traces_endpoint?: string;
  /**
   * Value of OTEL_EXPORTER_OTLP_METRICS_ENDPOINT.
   */
  exporter_otlp_metrics_endpoint?: string;
  /**
   * Value of OTEL_EXPORTER_OTLP_LOGS_ENDPOINT.
   */
  exporter_otlp_logs_endpoint?: string;
}
