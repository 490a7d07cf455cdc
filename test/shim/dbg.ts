import { execSync } from "node:child_process";
import { TestContainerd } from "./support/test-containerd.ts";
const signal = AbortSignal.timeout(500000);
const [v = "1.6", script = ""] = process.argv.slice(2);
const c = await TestContainerd.create(v as "1.6", signal);
try {
  console.log(
    execSync(script, {
      shell: "/bin/bash",
      env: { ...process.env, F: c.folder, CTR: c.ctrArgv("own").join(" "), SHIM: c.shim, NS: c.namespace },
      encoding: "utf8",
      stdio: ["ignore", "pipe", "inherit"],
    }),
  );
} catch (e) {
  console.log(String((e as any).stdout ?? e));
}
console.log(
  execSync(`grep -v 'loading plugin\\|skip loading' ${c.folder}/containerd.log | tail -40 | cut -c1-1500`, {
    encoding: "utf8",
  }),
);
await c.remove(signal);
