import { expect } from "chai";
import { describe, it } from "mocha";
import { executor, spinApp } from "./build-examples.ts";
import { environmentOf } from "./environment.ts";

describe("environmentOf()", () => {
  it("has variables, the address, telemetry, the limit of memory and components, in this order", () => {
    const valueFrom = { fieldRef: { fieldPath: "metadata.namespace" } };
    const app = spinApp({
      variables: [
        { name: "greetee", value: "World" },
        { name: "a_1", valueFrom },
      ],
      invocationLimits: { memory: "40M", "example.org/time": "1s" },
      components: ["hello", "world"],
    });
    const otel = {
      exporter_otlp_endpoint: "http://a",
      exporter_otlp_traces_endpoint: "http://b",
      exporter_otlp_metrics_endpoint: "",
      exporter_otlp_logs_endpoint: "http://d",
    };
    expect(environmentOf(app, executor({ runtimeClassName: "c", otel }))).to.deep.equal([
      { name: "SPIN_VARIABLE_GREETEE", value: "World" },
      { name: "SPIN_VARIABLE_A_1", valueFrom },
      { name: "SPIN_HTTP_LISTEN_ADDR", value: "0.0.0.0:80" },
      { name: "OTEL_EXPORTER_OTLP_ENDPOINT", value: "http://a" },
      { name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", value: "http://b" },
      { name: "OTEL_EXPORTER_OTLP_LOGS_ENDPOINT", value: "http://d" },
      { name: "SPIN_MAX_INSTANCE_MEMORY", value: "40000000" },
      { name: "SPIN_COMPONENTS_TO_RETAIN", value: "hello,world" },
    ]);
  });

  it("lets the SpinApp's own environment go over the rest, each name once", () => {
    const env = [
      { name: "SPIN_HTTP_LISTEN_ADDR", value: "[::]:81" },
      { name: "MINE", value: "1" },
    ];
    expect(environmentOf(spinApp({ env, port: 81 }), executor())).to.deep.equal(env);
  });

  it("has the SpinApp's own environment first, so that its variables can refer to it", () => {
    const env = [{ name: "ZONE", value: "a" }];
    const names = environmentOf(spinApp({ env, variables: [{ name: "place", value: "$(ZONE)" }] }), executor()).map(
      ({ name }) => name,
    );
    expect(names).to.deep.equal(["ZONE", "SPIN_VARIABLE_PLACE", "SPIN_HTTP_LISTEN_ADDR"]);
  });

  it("says no limit that is none", () => {
    expect(environmentOf(spinApp({ invocationLimits: { memory: "lots" } }), executor())).to.have.length(1);
  });
});
