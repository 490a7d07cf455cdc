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

/** A network of CNI's for pods: a bridge of its own. Subnets of 198.19.0.0/16, which is for benchmarks. */
export function networkJson(folder: string, bridge: string, number: number): string {
  const ranges = [[{ subnet: `198.19.${String(number)}.0/24` }]];
  const ipam = { type: "host-local", dataDir: `${folder}/cni-addresses`, ranges, routes: [{ dst: "0.0.0.0/0" }] };
  const plugin = { type: "bridge", bridge, isGateway: true, ipMasq: false, ipam };
  return JSON.stringify({ cniVersion: "1.0.0", name: "pods", plugins: [plugin] });
}
