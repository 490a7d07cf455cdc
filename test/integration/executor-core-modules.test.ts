import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { adaptCoreModule, isCoreModule } from "@rcm/shim/executor/adapt/adapt-core-module";
import { adapterFiles } from "@rcm/shim/executor/adapt/adapter-files";
import { expect } from "chai";
import { before, describe, it } from "mocha";
import { buildGuest } from "../guests/build-guest.ts";
import { adapterFolder } from "../guests/component-tools.ts";
import { cacheFolder } from "../guests/guest-cache.ts";
import { type Ended, ExecutorProcess } from "../support/executor-process.ts";
import { SpinFolder } from "../support/spin-folder.ts";

const BUILD_MS = 600_000;
/** What `c-cli` says first is a variable, then what it reads: so it is a page with a header. */
const APPLICATION = `
[[trigger.http]]
route = "/..."
component = "server"
[[trigger.http]]
route = "/cgi"
component = "command"
executor = { type = "wagi", argv = "cgi" }
[component.server]
source = "server.wasm"
[component.command]
source = "command.wasm"
environment = { GREETING = "content-type: text/plain\\n" }
`;

describe("executor, a core module of WASI's first version", () => {
  let adapters: string;
  let command: string;
  let server: string;
  before(async function build() {
    this.timeout(BUILD_MS);
    adapters = await adapterFolder();
    command = await buildGuest("c-cli-core");
    server = await buildGuest("rust-http-core");
  });

  it("runs as a command, by clang and wasi-libc", async () => {
    const args = ["run", "--adapters", adapters, "--env", "GREETING=hello", command, "a", "b"];
    const { code, stdout, stderr } = await ended(args, "line\n");
    expect({ code, stdout, stderr }).to.deep.equal({ code: 1, stdout: "hello\na\nb\nline\n", stderr: "2 arguments\n" });
  });

  it("is served, by Rust and wit-bindgen, and every request finds the first state", async () => {
    const executor = new ExecutorProcess(["serve", "--adapters", adapters, "--listen", "127.0.0.1:0", server]);
    const port = await executor.port();
    for (let round = 0; round < 3; round += 1) {
      const response = await fetch(`http://127.0.0.1:${String(port)}/`);
      expect(await response.text()).to.equal("hello from rust, call 1\n");
    }
    const echo = await fetch(`http://127.0.0.1:${String(port)}/echo`, { method: "POST", body: "to and fro" });
    expect(await echo.text()).to.equal("to and fro");
    await executor.stop();
  });

  it("is a component of a Spin application, and a CGI program of one", async () => {
    using folder = new SpinFolder();
    folder.copy(server, "server.wasm");
    folder.copy(command, "command.wasm");
    folder.manifest(APPLICATION);
    const executor = new ExecutorProcess(["up", "--adapters", adapters, "--listen", "127.0.0.1:0", folder.path]);
    const url = `http://127.0.0.1:${String(await executor.port())}`;
    for (let round = 0; round < 3; round += 1) {
      expect(await (await fetch(`${url}/`)).text()).to.equal("hello from rust, call 1\n");
    }
    const page = await fetch(`${url}/cgi`, { method: "POST", body: "to and fro" });
    expect(page.headers.get("content-type")).to.match(/^text\/plain/);
    expect(await page.text()).to.equal("to and fro");
    await executor.stop();
  });

  it("is told from a component", async () => {
    expect(isCoreModule(readFileSync(command))).to.equal(true);
    expect(isCoreModule(readFileSync(await buildGuest("c-cli")))).to.equal(false);
    expect(isCoreModule(new Uint8Array(3))).to.equal(false);
  });

  for (const [title, imports, reason] of [
    [
      "imports what WASI does not have",
      "02 09 01 03 65 6e 76 01 66 00 00",
      /module requires an import interface named `env`/,
    ],
    ["is cut off", "02 09 01 03 65 6e", /Cannot read the component|Cannot make a component/],
  ] as const) {
    it(`is refused with the reason if it ${title}`, async () => {
      const core = Buffer.from(`0061736d 01000000 01 04 01 60 00 00 ${imports}`.replaceAll(" ", ""), "hex");
      expect(() => adaptCoreModule(core, adapterFiles(adapters))).to.throw(reason);
      const file = join(cacheFolder("adapters"), "broken.wasm");
      writeFileSync(file, core);
      const { code, stderr } = await ended(["run", "--adapters", adapters, file], "");
      expect(code).to.equal(2);
      expect(stderr).to.match(/^Cannot [^\n]+\n$/);
    });
  }

  it("is refused with what to do where there are no adapters", async () => {
    const { code, stderr } = await ended(["run", command], "");
    expect({ code, stderr }).to.deep.equal({
      code: 2,
      stderr:
        "Cannot make a component of the core module: this is not the shim's executable, which has the adapters: use --adapters\n",
    });
  });
});

async function ended(args: readonly string[], input: string): Promise<Ended> {
  const executor = new ExecutorProcess(args);
  executor.write(input);
  return executor.ended();
}
