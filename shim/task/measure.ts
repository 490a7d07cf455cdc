import { pidsIn } from "../cgroup/pids-in.ts";
import type { Container } from "./container.ts";
export async function pidsOf({ cgroup, init }: Container): Promise<readonly number[]> { return pidsIn(cgroup, init.pid); }
export async function statsOf(_c: Container): Promise<any> { return { typeUrl: "io.containerd.cgroups.v1.Metrics", value: new Uint8Array() }; }
