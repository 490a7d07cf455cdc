import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";

const PROGRAM = join(import.meta.dirname, "close-network-child.ts");

describe("closeNetwork()", () => {
  const tcp = createServer((socket) => socket.end());
  const unix = createServer((socket) => socket.end());
  let folder = "";
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "rcm-close-network-"));
    await Promise.all([once(tcp.listen(0, "::"), "listening"), once(unix.listen(join(folder, "socket")), "listening")]);
  });
  after(async () => {
    tcp.close();
    unix.close();
    await rm(folder, { recursive: true });
  });

  /** What becomes of each kind of socket in a process of its own. */
  async function tried(network: "open" | "closed"): Promise<unknown> {
    const { port } = tcp.address() as AddressInfo;
    const argv = ["--disable-warning=ExperimentalWarning", PROGRAM, network, String(port), join(folder, "socket")];
    return JSON.parse((await promisify(execFile)(process.execPath, argv)).stdout);
  }

  it("leaves the process, its threads and its children Unix sockets, and no other", async () => {
    const no = "EACCES";
    const ways = { tcp: no, tcp6: no, udp: no, thread: no, child: no };
    expect(await tried("closed")).to.deep.equal({ ...ways, unix: "open" });
  });

  it("is what closes them", async () => {
    const yes = "open";
    const ways = { tcp: yes, tcp6: yes, udp: yes, thread: yes, child: yes };
    expect(await tried("open")).to.deep.equal({ ...ways, unix: "open" });
  });
});
