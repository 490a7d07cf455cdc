/** A further runtime handler of CRI, with the shim under test. */
export interface Handler {
  readonly name: string;
  /** Lines of TOML: containerd's `options` table of the handler. FOLDER stands for containerd's folder. */
  readonly options: readonly string[];
}

/** containerd's configuration, in version 2, which all versions take: handlers `runc` and `spin`, and those added. */
export function configToml(folder: string, shim: string, handlers: readonly Handler[]): string {
  const cri = `plugins."io.containerd.grpc.v1.cri"`;
  const runtimes = `${cri}.containerd.runtimes`;
  const more = handlers.flatMap(({ name, options }) => [
    `[${runtimes}.${name}]`,
    `runtime_type = "${shim}"`,
    `[${runtimes}.${name}.options]`,
    ...options.map((line) => line.replace("FOLDER", folder)),
  ]);
  return `version = 2
root = "${folder}/root"
state = "${folder}/state"
[grpc]
  address = "${folder}/c.sock"
[ttrpc]
  address = "${folder}/c.sock.ttrpc"
[plugins."io.containerd.internal.v1.opt"]
  path = "${folder}/opt"
[${cri}]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
[${cri}.cni]
  bin_dir = "/usr/lib/cni"
  conf_dir = "${folder}/cni"
[${cri}.containerd]
  default_runtime_name = "runc"
[${runtimes}.runc]
  runtime_type = "io.containerd.runc.v2"
[${runtimes}.spin]
  runtime_type = "${shim}"
${more.join("\n")}
`;
}

/** Subnets for pods: a multiple of the number of versions, so that those of one process never meet. */
const SUBNETS = 255;
/** How far apart the subnets are that one version tries. */
const STEP = 3;

/**
 * The first subnet from `start` on that no bridge has which a killed run left: its pods would answer in place of ours.
 * @param addresses what `ip -4 -o address` prints.
 */
export function chooseSubnet(start: number, addresses: string): string {
  for (let number = start; number < start + SUBNETS; number += STEP) {
    const prefix = `198.19.${String(number % SUBNETS)}.`;
    if (!addresses.includes(` ${prefix}`)) return `${prefix}0/24`;
  }
  throw new Error("Cannot choose a subnet for pods: delete the bridges rcm-s-* that killed runs left");
}

/** A network of CNI's for pods: a bridge of its own. Subnets of 198.19.0.0/16, which is for benchmarks. */
export function networkJson(folder: string, bridge: string, subnet: string): string {
  const ranges = [[{ subnet }]];
  const ipam = { type: "host-local", dataDir: `${folder}/cni-addresses`, ranges, routes: [{ dst: "0.0.0.0/0" }] };
  const plugin = { type: "bridge", bridge, isGateway: true, ipMasq: false, ipam };
  return JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins: [plugin] });
}
