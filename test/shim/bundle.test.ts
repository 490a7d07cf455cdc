import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { pollUntil } from "../cluster/poll-until.ts";
import { runCommand } from "../cluster/run-command.ts";
import { end, refusal } from "./support/direct-calls.ts";
import { DirectShim, sleeper } from "./support/direct-shim.ts";
import { findLeft } from "./support/leaks.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import { subjectIsRunc } from "./support/subject.ts";
import type { TaskClient } from "./support/task-client.ts";
import type { TestContainerd } from "./support/test-containerd.ts";

const PROCESS = "types.containerd.io/opencontainers/runtime-spec/1/Process";
const PAGE_BYTES = 4096;

describeOnEach("a bundle that cannot be written", ({ containerd, version, it }) => {
  // The shim is started by hand, so one version is enough.
  if (version !== "1.7" || subjectIsRunc()) return;

  for (const [what, spoil, words] of [
    ["is read-only", async (place: Place) => place.lock(), "EROFS"],
    ["is full", async (place: Place) => place.fill(0), "ENOSPC"],
  ] as const) {
    it(`since it ${what} fails the command start, which says so and leaves nothing`, async () => {
      await inPlace(containerd(), async (place, shim) => {
        const client = await shim.connect(limit());
        await client.call("Shutdown", { id: shim.id, now: true }).catch(() => undefined);
        await untilAsBefore(containerd(), [`mount ${shim.bundle}`]);
        await rm(join(shim.bundle, "address"));
        await spoil(place);
        const { code, stdout, stderr } = await shim.command("start", limit());
        expect({ code, stdout }).to.deep.equal({ code: 1, stdout: "" });
        expect(stderr).to.include(words).and.include(join(shim.bundle, "address"));
        await untilAsBefore(containerd(), [`mount ${shim.bundle}`]); // The shim's socket, too: its path is as before.
      });
    });

    it(`since it ${what} fails a creation, which says so and leaves nothing`, async () => {
      await inPlace(containerd(), async (place, shim) => {
        const client = await shim.connect(limit());
        const before = await findLeft(containerd());
        await spoil(place);
        const error = await refusal(client.call("Create", place.request(shim)));
        expect(error.message).to.include(words).and.include(shim.bundle);
        await untilAsBefore(containerd(), before);
        await place.free();
        await client.call("Create", place.request(shim));
        await client.call("Start", { id: shim.id });
        await end(client, shim.id);
      });
    });

    it(`since it ${what} keeps no container from its start and its end, and a command says so`, async () => {
      await inPlace(containerd(), async (place, shim) => {
        const client = await shim.connect(limit());
        await client.call("Create", place.request(shim));
        await spoil(place);
        await client.call("Start", { id: shim.id });
        const spec = { typeUrl: PROCESS, value: Buffer.from(JSON.stringify({ args: ["true"], cwd: "/" })) };
        await client.call("Exec", { id: shim.id, execId: "e", spec });
        const error = await refusal(client.call("Start", { id: shim.id, execId: "e" }));
        expect(error.message).to.include(words).and.include(shim.bundle);
        await end(client, shim.id);
      });
    });
  }

  for (const [kind, args] of [
    ["an ordinary container", ["sleep", "1000"]],
    ["a component", ["/app.wasm"]],
  ] as const) {
    it(`since it is full takes back what was made of ${kind}, wherever that was`, async () => {
      await inPlace(
        containerd(),
        async (place, shim) => {
          const client = await shim.connect(limit());
          const before = await findLeft(containerd());
          let pages = 0;
          for (; (await place.createWith(pages, shim, client)) !== "created"; pages += 1) {
            await untilAsBefore(containerd(), before);
          }
          expect(pages).to.be.at.least(2);
          await client.call("Delete", { id: shim.id });
        },
        args,
      );
    });
  }
});

/** A bundle that is a file system of its own, and a root for its container elsewhere. */
class Place {
  readonly #bundle: string;
  readonly #root: string;

  constructor(bundle: string, root: string) {
    this.#bundle = bundle;
    this.#root = root;
  }

  request({ id, bundle }: DirectShim): object {
    return { id, bundle, rootfs: [{ type: "bind", source: this.#root, options: ["rbind"] }] };
  }

  async lock(): Promise<void> {
    await run("mount", "-o", "remount,ro", this.#bundle);
  }

  /** Leaves room for so many small files. */
  async fill(pages: number): Promise<void> {
    await run("sh", "-c", `cat /dev/zero > ${this.#filling()} 2> /dev/null || true`);
    await run("truncate", "-s", `-${String(pages * PAGE_BYTES)}`, this.#filling());
  }

  async free(): Promise<void> {
    await run("mount", "-o", "remount,rw", this.#bundle);
    await rm(this.#filling(), { force: true });
  }

  /** @returns how it went where there is room for so many small files. */
  async createWith(pages: number, shim: DirectShim, client: TaskClient): Promise<"created" | "refused"> {
    await this.fill(pages);
    try {
      await client.call("Create", this.request(shim));
      return "created";
    } catch (error) {
      expect(String(error)).to.match(/no space|ENOSPC/i);
      // Files stay, and runc leaves one that hinders the next: containerd deletes the bundle then.
      await rm(join(this.#bundle, "executor"), { recursive: true, force: true });
      for (const name of ["options.json", ".init.pid"]) await rm(join(this.#bundle, name), { force: true });
      return "refused";
    } finally {
      await this.free();
    }
  }

  #filling(): string {
    return join(this.#bundle, "filling");
  }
}

/** Whatever comes of `work`, all is taken away that it was given. */
async function inPlace(
  containerd: TestContainerd,
  work: (place: Place, shim: DirectShim) => Promise<void>,
  args?: readonly string[],
): Promise<void> {
  const shim = new DirectShim(containerd, "narrow");
  await run("mkdir", "-p", shim.bundle);
  await run("mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", shim.bundle);
  const source = new DirectShim(containerd, "source");
  const root = join(source.bundle, "rootfs");
  try {
    await source.fillRoot(limit());
    await writeFile(join(root, "app.wasm"), EMPTY_COMPONENT, { mode: 0o755 });
    await shim.prepare(JSON.stringify(sleeper(containerd.namespace, shim.id, args)));
    await work(new Place(shim.bundle, root), shim);
  } finally {
    await run("mount", "-o", "remount,rw", shim.bundle);
    await run("umount", "-l", shim.bundle);
    await shim.remove(limit());
    await rm(source.bundle, { recursive: true });
  }
}

/** @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md#component-definitions */
const EMPTY_COMPONENT = Buffer.from([0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]);

/** Waits until there is no more of any container than that. */
async function untilAsBefore(containerd: TestContainerd, before: readonly string[]): Promise<void> {
  const wait = { what: "all to be taken back", timeoutMs: 10_000, intervalMs: 20, see: containerd.folder };
  await pollUntil(
    wait,
    async () => {
      const more = (await findLeft(containerd)).filter((text) => !before.includes(text));
      if (more.length > 0) throw new Error(`left: ${more.join("; ")}`);
      return true;
    },
    limit(),
  );
}

async function run(...argv: readonly string[]): Promise<void> {
  await runCommand(argv, { timeoutMs: 10_000 }, limit());
}

function limit(): AbortSignal {
  return AbortSignal.timeout(TEST_TIMEOUT_MS);
}
