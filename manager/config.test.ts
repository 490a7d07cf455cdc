import { expect } from "chai";
import { describe, it } from "mocha";
import { FLAGS, HELP } from "./config-flags.ts";
import { parseConfig, type Config } from "./config.ts";
import { createFence } from "./fence.ts";

const NEEDED = ["--namespace=rcm", "--installer-image=example.org/installer:1"];

function config(argv: readonly string[], env: Readonly<Record<string, string>> = {}): Config {
  const command = parseConfig(argv, env);
  if (command.kind !== "run") throw new Error(command.kind);
  return command.config;
}

function problem(argv: readonly string[], env: Readonly<Record<string, string>> = {}): string {
  try {
    parseConfig(argv, env);
    return "";
  } catch (error) {
    expect(error).to.have.property("code", "BAD_FLAG");
    return (error as Error).message;
  }
}

describe("parseConfig()", () => {
  it("has a default for everything but the namespace and the image", () => {
    expect(config(NEEDED)).to.deep.equal({
      settings: {
        namespace: "rcm",
        image: "example.org/installer:1",
        imagePullPolicy: "IfNotPresent",
        imagePullSecrets: [],
        serviceAccount: "node-installer",
        priorityClass: "system-node-critical",
        deadlineSeconds: 900,
        ttlSeconds: 3600,
        fetchConfigMap: undefined,
        caConfigMap: undefined,
      },
      maxConcurrentJobs: 100,
      election: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 },
      metricsAddress: { host: undefined, port: 8080 },
      healthAddress: { host: undefined, port: 8081 },
      logLevel: "info",
      kubeconfig: undefined,
    });
  });

  it("takes upstream's environment", () => {
    const env = {
      POD_NAMESPACE: "rcm",
      SHIM_NODE_INSTALLER_IMAGE: "example.org/upstream:2",
      SHIM_DOWNLOADER_CONFIG_MAP: "proxy",
      SHIM_NODE_INSTALLER_JOB_TTL: "120",
    };
    expect(config([], env).settings).to.include({
      namespace: "rcm",
      image: "example.org/upstream:2",
      fetchConfigMap: "proxy",
      ttlSeconds: 120,
    });
    expect(config(["--namespace=other"], env).settings.namespace).to.equal("other");
    expect(config([], { ...env, SHIM_NODE_INSTALLER_JOB_TTL: "0" }).settings.ttlSeconds).to.equal(3600);
  });

  it("takes every flag, and a flag without = too", () => {
    const flags = [
      "--image-pull-secrets=a,b",
      "--ca-config-map",
      "ca",
      "--installer-priority-class=",
      "--leader-elect=false",
    ];
    const { settings, election } = config([...NEEDED, ...flags]);
    expect(settings).to.deep.include({ imagePullSecrets: ["a", "b"], caConfigMap: "ca", priorityClass: "" });
    expect(election).to.equal(undefined);
    expect(config([...NEEDED, "--leader-elect"]).election).to.not.equal(undefined);
  });

  it("takes addresses", () => {
    const addresses = [":0", "127.0.0.1:9", "[::1]:65535", "host.example:80"].map(
      (address) => config([...NEEDED, `--metrics-address=${address}`]).metricsAddress,
    );
    expect(addresses).to.deep.equal([
      { host: undefined, port: 0 },
      { host: "127.0.0.1", port: 9 },
      { host: "::1", port: 65_535 },
      { host: "host.example", port: 80 },
    ]);
  });

  const refused: readonly [flag: string, message: string][] = [
    [
      "--job-ttl-seconds=59",
      'Cannot use "59" as --job-ttl-seconds (or SHIM_NODE_INSTALLER_JOB_TTL): it must be a whole number from 60 to 604800',
    ],
    [
      "--job-deadline-seconds=1e3",
      'Cannot use "1e3" as --job-deadline-seconds: it must be a whole number from 60 to 86400',
    ],
    ["--max-concurrent-jobs=0", 'Cannot use "0" as --max-concurrent-jobs: it must be a whole number from 1 to 10000'],
    ["--namespace=Rcm", 'Cannot use "Rcm" as --namespace (or POD_NAMESPACE): it must be the name of a namespace'],
    ["--log-level=loud", 'Cannot use "loud" as --log-level: it must be one of debug, info, warn, error'],
    ["--leader-elect=maybe", 'Cannot use "maybe" as --leader-elect: it must be one of true, false'],
    [
      "--installer-image-pull-policy=always",
      'Cannot use "always" as --installer-image-pull-policy: it must be one of Always, IfNotPresent, Never',
    ],
    [
      "--leader-elect-retry-period=2",
      'Cannot use "2" as --leader-elect-retry-period: it must be a time such as 15s or 1m30s',
    ],
    ["--metrics-address=8080", 'Cannot use "8080" as --metrics-address: it must be HOST:PORT or :PORT'],
    ["--health-address=:65536", 'Cannot use ":65536" as --health-address: it must be HOST:PORT or :PORT'],
  ];
  for (const [flag, message] of refused) {
    it(`refuses ${flag}`, () => {
      expect(problem([...NEEDED, flag])).to.equal(message);
    });
  }

  it("refuses to start without an image or a namespace", () => {
    expect(problem(["--namespace=rcm"])).to.match(
      /^Cannot use "" as --installer-image \(or SHIM_NODE_INSTALLER_IMAGE\)/,
    );
    expect(problem(["--installer-image=x"])).to.match(/^Cannot use "" as --namespace \(or POD_NAMESPACE\)/);
  });

  it("refuses times that do not fit each other", () => {
    expect(problem([...NEEDED, "--leader-elect-renew-deadline=15s"])).to.match(
      /^Cannot use the times of --leader-elect/,
    );
  });

  it("refuses what it does not know", () => {
    expect(problem([...NEEDED, "--leader-elekt"])).to.match(/^Cannot read the command line .*: try --help$/);
    expect(problem([...NEEDED, "word"])).to.match(/^Cannot read the command line/);
  });

  it("answers --help and --version before anything else", () => {
    expect([parseConfig(["--help", "--log-level=loud"], {}), parseConfig(["--version"], {})]).to.deep.equal([
      { kind: "help" },
      { kind: "version" },
    ]);
    for (const name of Object.keys(FLAGS)) expect(HELP).to.include(`--${name}=`);
  });
});

describe("createFence()", () => {
  it("lets writes pass while the lease is held", () => {
    const fence = createFence(true);
    expect(() => fence.assertOpen()).to.throw("Cannot write: another manager is the leader");
    let isHeld = true;
    fence.open({
      assertHeld() {
        if (!isHeld) throw new Error("lost");
      },
    });
    expect(() => fence.assertOpen()).to.not.throw();
    isHeld = false;
    expect(() => fence.assertOpen()).to.throw("lost");
  });

  it("lets everything pass without leader election", () => {
    expect(() => createFence(false).assertOpen()).to.not.throw();
  });
});
