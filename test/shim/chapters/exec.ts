import { expect } from "chai";
import type { Message } from "../support/cri-client.ts";
import type { Life } from "../support/life.ts";
import { RemoteStreams } from "../support/remote-streams.ts";

/** Commands in a running container, its terminal, and a port of the pod. */
export async function execChapter(life: Life): Promise<void> {
  const pod = await life.runPod("exec");
  const id = await life.start(pod, "main", ["httpd", "-f", "-p", "8080", "-h", "/bin"]);
  for (const code of [0, 1, 2, 125, 126, 127, 128, 137, 254, 255]) {
    const reply = await life.exec(id, "sh", "-c", `echo out; echo err >&2; exit ${String(code)}`);
    expect(reply["exitCode"]).to.equal(code);
  }
  const killed = await life.exec(id, "sh", "-c", "kill -9 $$");
  expect(killed["exitCode"]).to.equal(137);
  await life.exec(id, "env");
  await life.exec(id, "sh", "-c", "ulimit -Sa; ulimit -Ha");
  await life.failing("exec of what is not there", async () => execSync(life, id, ["/no/such"], 5));
  await life.failing("exec that takes too long", async () => execSync(life, id, ["sleep", "60"], 1));
  expect((await life.exec(id, "sh", "-c", "head -c 300000 /dev/zero | tr '\\0' x"))["stdout"]).to.have.length(300_000);
  await life.exec(id, "pidof", "sleep");

  await life.step("exec with input", async () => withInput(life, id));
  await life.step("exec that fails, by streams", async () => byStreams(life, id, "echo a; echo b >&2; exit 9"));
  await life.step("exec in a terminal", async () => inTerminal(life, id));
  await life.step("attach", async () => attached(life, await interactive(life, pod)));
  await life.step("attach to a terminal", async () => attachedToTerminal(life, pod));
  await life.step("port-forward", async () => portForward(life, pod.id));
  await pod.remove();
}

async function execSync(
  { containerd }: Life,
  containerId: string,
  cmd: readonly string[],
  timeout: number,
): Promise<Message> {
  return containerd.cri.call("ExecSync", { containerId, cmd, timeout });
}

async function exec(life: Life, request: object): Promise<RemoteStreams> {
  const { url } = await life.containerd.cri.call("Exec", request);
  return RemoteStreams.open(String(url));
}

async function withInput(life: Life, containerId: string): Promise<object> {
  const cmd = ["sh", "-c", "read line; echo got $line"];
  const streams = await exec(life, { containerId, cmd, stdin: true, stdout: true, stderr: true });
  streams.send("first\n");
  return { status: await streams.end(), stdout: streams.text("stdout"), stderr: streams.text("stderr") };
}

async function byStreams(life: Life, containerId: string, script: string): Promise<object> {
  const streams = await exec(life, { containerId, cmd: ["sh", "-c", script], stdout: true, stderr: true });
  return { status: await streams.end(), stdout: streams.text("stdout"), stderr: streams.text("stderr") };
}

async function inTerminal(life: Life, containerId: string): Promise<object> {
  const cmd = ["sh", "-c", `echo ready; read go; ${untilSize("27 81")}; tty; echo err >&2; exit 5`];
  const streams = await exec(life, { containerId, cmd, tty: true, stdin: true, stdout: true });
  streams.resize(81, 27);
  await streams.waitFor("stdout", /ready/); // Only a process that runs gets its size.
  streams.send("go\n");
  const status = await streams.end();
  expect(streams.text("stdout")).to.include("27 81\r\n");
  return { status, stdout: streams.text("stdout") };
}

/** The size of the terminal once it is that, or what it is 10 s later: nothing says that a size has arrived. */
function untilSize(size: string): string {
  return `i=0; until [ "$(stty size 2>&1)" = "${size}" ] || [ $i -ge 200 ]; do i=$((i+1)); sleep 0.05; done; stty size`;
}

async function interactive(life: Life, pod: Awaited<ReturnType<Life["runPod"]>>): Promise<string> {
  const script = "while read line; do echo heard $line; [ $line = stop ] && exit 6; done";
  return life.start(pod, "reader", ["sh", "-c", script], { config: { stdin: true } });
}

async function attached(life: Life, containerId: string): Promise<object> {
  const { url } = await life.containerd.cri.call("Attach", { containerId, stdin: true, stdout: true, stderr: true });
  const streams = await RemoteStreams.open(String(url));
  streams.send("one\n");
  // What comes at the very end may be lost with the container: containerd lets go of who is attached.
  const stdout = await streams.waitFor("stdout", /heard one\n/);
  streams.send("stop\n");
  const status = await streams.end();
  expect(await life.exited("reader", containerId)).to.include({ exitCode: 6 });
  return { status, stdout };
}

async function attachedToTerminal(life: Life, pod: Awaited<ReturnType<Life["runPod"]>>): Promise<object> {
  const script = `while read line; do ${untilSize("31 91")}; [ $line = stop ] && exit 7; done`;
  const config = { tty: true, stdin: true };
  const containerId = await life.start(pod, "terminal", ["sh", "-c", script], { config });
  const { url } = await life.containerd.cri.call("Attach", { containerId, stdin: true, stdout: true, tty: true });
  const streams = await RemoteStreams.open(String(url));
  streams.resize(91, 31);
  streams.send("one\n");
  const stdout = await streams.waitFor("stdout", /31 91\r\n/);
  streams.send("stop\n");
  const status = await streams.end();
  expect(await life.exited("terminal", containerId)).to.include({ exitCode: 7 });
  await life.log(pod, "terminal");
  return { status, stdout };
}

async function portForward(life: Life, podSandboxId: string): Promise<string> {
  const { url } = await life.containerd.cri.call("PortForward", { podSandboxId, port: [8080] });
  const streams = await RemoteStreams.open(`${String(url)}?port=8080`);
  streams.send("GET /nothing HTTP/1.1\r\n\r\n");
  const reply = await streams.waitFor("port", /<\/HTML>/i);
  streams.close();
  expect(reply).to.include("HTTP/1.1 404 Not Found");
  return reply.replace(/^\0*../s, "").replace(/^Date:.*\r\n/m, "");
}
