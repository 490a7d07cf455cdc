import { setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import { runCommand } from "../cluster/run-command.ts";
import { end, refusal } from "./support/direct-calls.ts";
import { DirectShim, sleeper } from "./support/direct-shim.ts";
import { describeOnEach } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";
import { TaskError, type TaskClient } from "./support/task-client.ts";

const UNKNOWN = 2;
const INVALID_ARGUMENT = 3;
const NOT_FOUND = 5;
const ALREADY_EXISTS = 6;
const FAILED_PRECONDITION = 9;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;

const RUNNING = 2;
const PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process";
const SERVICE = "containerd.task.v2.Task";

const BROKEN_SPECS: Readonly<Record<string, string>> = {
  "is empty": "",
  "is no JSON": '{"ociVersion": "1.0.2", "process"',
  "is another kind of JSON": "[1]",
  "is null": "null",
};

describeOnEach("a shim that is started by hand", ({ containerd, it }) => {
  const signal = AbortSignal.timeout(1_200_000);

  /** Whatever comes of `work`, the shim and what it has made are removed. */
  async function withShim(
    name: string,
    config: string | undefined,
    work: (shim: DirectShim) => Promise<void>,
  ): Promise<void> {
    const shim = new DirectShim(containerd(), name);
    await shim.prepare(config);
    try {
      await shim.fillRoot(signal);
      await work(shim);
    } finally {
      await shim.remove(signal);
    }
  }

  for (const [title, config] of Object.entries(BROKEN_SPECS)) {
    it(`refuses a config.json that ${title}`, async () => {
      await withShim("broken", config, async (shim) => {
        const started = await shim.command("start", signal);
        if (started.code !== 0) {
          expect(started.stdout + started.stderr).to.match(subjectIsRunc() ? /./ : /config\.json|spec/i);
          return;
        }
        // Or when the container is made: a shim may read it later.
        const client = await shim.connect(signal);
        const error = await refusal(client.call("Create", { id: shim.id, bundle: shim.bundle }));
        expect(error.message).to.be.a("string").that.is.not.equal("");
      });
    });
  }

  it("refuses a bundle without config.json", async () => {
    await withShim("empty", undefined, async (shim) => {
      await runCommand(["rm", `${shim.bundle}/config.json`], { timeoutMs: 5000 }, signal);
      const started = await shim.command("start", signal);
      expect(started.code).to.not.equal(0);
      expect(started.stdout + started.stderr).to.include("config.json");
    });
  });

  it("refuses what makes no sense, with the code that says why", async () => {
    await withShim("codes", undefined, async (shim) => {
      const client = await shim.connect(signal);
      const { id, bundle } = shim;
      const codes = {
        "unknown method": await codeOf(client.raw(SERVICE, "Fly", Buffer.alloc(0))),
        "unknown service": await codeOf(client.raw("containerd.none.Task", "State", Buffer.alloc(0))),
        "state of nothing": await codeOf(client.call("State", { id: "nosuch" })),
        "start of nothing": await codeOf(client.call("Start", { id: "nosuch" })),
        "kill of nothing": await codeOf(client.call("Kill", { id: "nosuch", signal: 9 })),
        "delete of nothing": await codeOf(client.call("Delete", { id: "nosuch" })),
      };
      const nothing = { "state of nothing": NOT_FOUND, "start of nothing": NOT_FOUND, "kill of nothing": NOT_FOUND };
      const unknown = { "unknown method": UNIMPLEMENTED, "unknown service": UNIMPLEMENTED };
      expect(codes).to.deep.equal({ ...unknown, ...nothing, "delete of nothing": NOT_FOUND });
      await client.call("Create", { id, bundle });
      if (!subjectIsRunc()) expect(await codeOf(client.call("Create", { id, bundle }))).to.equal(ALREADY_EXISTS);
      expect(await codeOf(client.call("State", { id, execId: "nosuch" }))).to.equal(NOT_FOUND);
      await client.call("Start", { id });
      expect(await codeOf(client.call("Start", { id }))).to.equal(subjectIsRunc() ? UNKNOWN : FAILED_PRECONDITION);
      expect(await codeOf(client.call("Delete", { id }))).to.equal(subjectIsRunc() ? UNKNOWN : FAILED_PRECONDITION);
      const spec = { typeUrl: PROCESS, value: Buffer.from("{") };
      await refusal(
        client.call("Exec", { id, execId: "e", spec }).then(async () => client.call("Start", { id, execId: "e" })),
      );
      await end(client, id);
    });
  });

  it("survives frames that make no sense", async () => {
    await withShim("frames", undefined, async (shim) => {
      const client = await shim.connect(signal);
      await client.run(shim);
      const garbled = await codeOf(client.raw(SERVICE, "State", Buffer.from([0x0a, 0xff, 0xff, 0x03, 1])));
      expect([UNKNOWN, INVALID_ARGUMENT, INTERNAL, UNIMPLEMENTED]).to.include(garbled);
      const large = await client.frame(1, Buffer.alloc(5 * 1024 * 1024)).then(String, String);
      expect(large).to.match(/exceed|larger|limit|too|bytes|closed/i);
      // Whatever became of that connection, there is another.
      const second = await shim.connect(signal);
      second.write(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
      const third = await shim.connect(signal);
      expect(await third.call("State", { id: shim.id })).to.include({ status: RUNNING });
      await end(third, shim.id);
    });
  });

  // runc's shim is: it does not even answer.
  if (!subjectIsRunc()) {
    it("is not held up by output that nobody reads", async () => {
      const loud = ["sh", "-c", "head -c 10000000 /dev/zero; sleep 1000"];
      await withShim("unread", JSON.stringify(sleeper(containerd().namespace, "unread", loud)), async (shim) => {
        const fifo = `${shim.bundle}/stdout`;
        await runCommand(["mkfifo", fifo], { timeoutMs: 5000 }, signal);
        const client = await shim.connect(signal);
        await client.call("Create", { id: shim.id, bundle: shim.bundle, stdout: fifo }, 5000);
        await client.call("Start", { id: shim.id }, 5000);
        await delay(500);
        expect(await client.call("State", { id: shim.id }, 2000)).to.include({ status: RUNNING });
        await end(client, shim.id);
      });
    });

    it("does to a command that is being started what it is told, once it runs", async () => {
      await withShim("starting", undefined, async (shim) => {
        const client = await shim.connect(signal);
        await client.run(shim);
        const stdin = `${shim.bundle}/stdin`;
        await runCommand(["mkfifo", stdin], { timeoutMs: 5000 }, signal);
        const commands = { killed: ["sleep", "1000"], closed: ["head"], deleted: ["true"] };
        for (const [execId, args] of Object.entries(commands)) {
          const spec = { typeUrl: PROCESS, value: Buffer.from(JSON.stringify({ args, cwd: "/", env: ["PATH=/bin"] })) };
          await client.call("Exec", { id: shim.id, execId, spec, stdin: execId === "closed" ? stdin : "" });
        }
        const kill = { id: shim.id, execId: "killed", signal: 9 };
        await Promise.all([client.call("Start", { id: shim.id, execId: "killed" }), client.call("Kill", kill)]);
        expect(await client.call("Wait", { id: shim.id, execId: "killed" })).to.include({ exitStatus: 137 });
        const close = { id: shim.id, execId: "closed", stdin: true };
        await Promise.all([client.call("Start", { id: shim.id, execId: "closed" }), client.call("CloseIO", close)]);
        expect(await client.call("Wait", { id: shim.id, execId: "closed" })).to.include({ exitStatus: 0 });
        const id = { id: shim.id, execId: "deleted" };
        const [started, deletion] = [client.call("Start", id), client.call("Delete", id).catch(() => undefined)];
        expect(await started)
          .to.have.property("pid")
          .that.is.greaterThan(0);
        await deletion;
        await end(client, shim.id);
      });
    });

    it("takes a container back whose caller has given up, whenever that was", async () => {
      await withShim("late", undefined, async (shim) => {
        const client = await shim.connect(signal);
        const { id, bundle } = shim;
        for (const deadlineMs of [1, 2, 4, 8, 16, 24, 32, 48, 64, 96, 128]) {
          // As containerd does: what it is not told to be there, it deletes and forgets.
          await client.call("Create", { id, bundle }, deadlineMs).catch(() => undefined);
          await client.call("Delete", { id }).catch(() => undefined);
          await createOnceGone(client, { id, bundle });
          await client.call("Delete", { id });
        }
        await createOnceGone(client, { id, bundle });
        await client.call("Start", { id });
        await end(client, id);
      });
    });
  }

  it("refuses an output that is not there, or of no kind that it knows", async () => {
    await withShim("nofifo", undefined, async (shim) => {
      const client = await shim.connect(signal);
      const missing = `${shim.bundle}/no/such`;
      const error = await refusal(client.call("Create", { id: shim.id, bundle: shim.bundle, stdout: missing }));
      expect(error.message).to.include("no/such");
      await refusal(client.call("Create", { id: shim.id, bundle: shim.bundle, stdout: "ftp://example/x" }));
    });
  });

  it("says what a process that cannot be run is", async () => {
    const spec = JSON.stringify(sleeper(containerd().namespace, "norun", ["/no/such"]));
    await withShim("norun", spec, async (shim) => {
      const client = await shim.connect(signal);
      const error = await refusal(client.run(shim));
      expect(error.message).to.include("/no/such");
      await client.call("Delete", { id: shim.id }).catch(() => undefined); // It may never have come to be.
    });
  });
});

/** What was created before may still be on its way out. */
async function createOnceGone(
  client: TaskClient,
  request: { readonly id: string; readonly bundle: string },
): Promise<void> {
  for (let i = 0; ; i += 1) {
    try {
      await client.call("Create", request);
      return;
    } catch (error) {
      if (!(error instanceof TaskError) || error.code !== ALREADY_EXISTS || i === 100) throw error;
    }
    await delay(50);
  }
}

async function codeOf(call: Promise<unknown>): Promise<number> {
  return (await refusal(call)).code;
}
