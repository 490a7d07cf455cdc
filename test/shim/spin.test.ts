import { randomUUID } from "node:crypto";
import { expect } from "chai";
import { after, before, describe } from "mocha";
import { pollUntil } from "../cluster/poll-until.ts";
import { buildSpinApp, type SpinAppName } from "../guests/spin-app.ts";
import { digestOf, imageOf, jsonPart, type OciImage } from "../support/oci-image.ts";
import {
  lockedAppIn,
  lockedFileImage,
  spinArtifact,
  spinFileImage,
  type FileMode,
  WASM_TYPE,
} from "../support/spin-artifact.ts";
import { readLog } from "./support/log-file.ts";
import { askPod, PORT } from "./support/pod-http.ts";
import { Pod, STRICT_CONTAINER } from "./support/pods.ts";
import { describeOnEach, TEST_TIMEOUT_MS } from "./support/shared.ts";
import {
  expectAnswers,
  expectLayout,
  preparedMounts,
  removeLaidOut,
  startSpinPod,
  untilPrepared,
} from "./support/spin-pods.ts";
import { EXITED, pidOf, statusOf } from "./support/status.ts";
import type { TestContainerd } from "./support/test-containerd.ts";
import { TestRegistry } from "./support/test-registry.ts";
import { importImage } from "./support/wasm-images.ts";

describe("Spin applications", function onMachine() {
  this.timeout(TEST_TIMEOUT_MS);
  let registry: TestRegistry;
  before(async () => {
    registry = await TestRegistry.start(AbortSignal.timeout(TEST_TIMEOUT_MS));
  });
  after(async () => {
    await registry.stop(AbortSignal.timeout(TEST_TIMEOUT_MS));
  });

  /** By CRI, as the kubelet does. containerd 1.6.20 refuses to unpack artifacts, but has them then. */
  async function pull({ cri, version }: TestContainerd, image: OciImage): Promise<string> {
    const name = await registry.push("app", image);
    const failure: unknown = await cri
      .call("PullImage", { image: { image: name } }, TEST_TIMEOUT_MS)
      .then(() => undefined)
      .catch((error: unknown) => error);
    if (version === "1.6" && image.layers.length > 1) {
      expect(String(failure)).to.include("mismatched image rootfs and manifest layers");
    } else {
      expect(failure).to.equal(undefined);
    }
    const status = await cri.call("ImageStatus", { image: { image: name } });
    expect(status)
      .to.have.nested.property("image.id")
      .that.matches(/^sha256:/);
    return name;
  }

  describeOnEach("a container of a Spin application", ({ version, containerd, it }) => {
    it("answers from an image with a spin.toml: all that Spin gives to a component", async () => {
      const image = await spinFileImage(await buildSpinApp("rust-spin"));
      const { pod } = await startSpinPod(containerd(), "spin-files", await pull(containerd(), image));
      await expectAnswers(pod, "rust");
      expect(await askPod(pod, "/asset/short.txt")).to.equal("a short one\n");
      await pod.remove();
    });

    it("answers from an image with a locked spin.json and its content", async () => {
      const image = await lockedFileImage(await artifactOf("rust-spin"));
      const { pod } = await startSpinPod(containerd(), "spin-locked", await pull(containerd(), image));
      expect(await askPod(pod, "/hello")).to.equal("hello from rust\n");
      expect(await askPod(pod, "/asset/deep/long.txt")).to.match(/^line 1 of .*\n(.*\n){9}$/);
      await pod.remove();
    });

    it("answers from an artifact, which is laid out once for two pods that start at once", async () => {
      const image = await artifactOf("rust-spin");
      const name = await pull(containerd(), image);
      const titles = ["spin-one", "spin-other"];
      const started = await Promise.all(titles.map(async (title) => startSpinPod(containerd(), title, name)));
      for (const { pod, id } of started) {
        await expectAnswers(pod, "rust");
        expect(await askPod(pod, "/users/7/x")).to.include("spin-path-match-id: 7\n");
        expect(await askPod(pod, "/environment")).to.equal("PLACE=of the manifest\n");
        expect(await askPod(pod, "/asset/short.txt")).to.equal("a short one\n");
        expect(await askPod(pod, "/asset/deep/long.txt")).to.match(/^line 1 of .*\n(.*\n){9}$/);
        await expectLayout(await pidOf(containerd(), id), image);
      }
      for (const { pod } of started) await pod.remove();
      expect(await removeLaidOut(image)).to.have.length(1);
    });

    // The executor does this by itself, whatever containerd says.
    if (version === "2.1") {
      it("keeps the components that it is told to, beside an ordinary container, and none that needs another", async () => {
        const image = await artifactOf("rust-spin");
        const name = await pull(containerd(), image);
        const pod = await Pod.run(containerd(), "spin-retained", "spin");
        async function start(container: string, retained: string): Promise<string> {
          const envs = [
            { key: "SPIN_HTTP_LISTEN_ADDR", value: `0.0.0.0:${String(PORT)}` },
            { key: "SPIN_COMPONENTS_TO_RETAIN", value: retained },
          ];
          return pod.start(container, ["/"], { ...STRICT_CONTAINER, config: { image: { image: name }, envs } });
        }
        const id = await start("alone", "app");
        expect(await exitCodeOf(containerd(), id)).to.equal(1);
        expect(await readLog(pod, "alone")).to.match(
          /Cannot retain these components .*: component "app" sends requests to component "chained" .*: retain it as well/,
        );
        await start("main", "chained, app");
        expect(await askPod(pod, "/chained/")).to.match(/^hello from c/);
        const ask = `wget -qO- http://127.0.0.1:${String(PORT)}/hello`;
        const sidecar = await pod.start("sidecar", ["sh", "-c", ask]);
        expect(await exitCodeOf(containerd(), sidecar)).to.equal(0);
        expect(await readLog(pod, "sidecar")).to.include("hello from rust");
        await pod.remove();
        await removeLaidOut(image);
      });
    }

    it("answers from an artifact with archives", async () => {
      const image = await artifactOf("rust-spin", "archives");
      const { pod } = await startSpinPod(containerd(), "spin-archives", await pull(containerd(), image));
      expect(await askPod(pod, "/asset/short.txt")).to.equal("a short one\n");
      expect(await askPod(pod, "/asset/deep/long.txt")).to.match(/^line 1 of .*\n(.*\n){9}$/);
      await pod.remove();
      await removeLaidOut(image);
    });

    it("answers from JavaScript with Spin's build tools: an engine of 13 MB within 192 MiB", async () => {
      const image = await artifactOf("js-spin");
      const { pod } = await startSpinPod(containerd(), "spin-js", await pull(containerd(), image), 192);
      await expectAnswers(pod, "js");
      expect(await askPod(pod, "/asset/assets/long.txt")).to.match(/^line 1 of /);
      await pod.remove();
      await removeLaidOut(image);
    });

    it("prepares an artifact's components once, the large one before its pods start, which have that mounted read-only", async () => {
      const image = await artifactOf("js-spin");
      const name = await pull(containerd(), image);
      const [large = "", small = ""] = wasmOf(image).map((hex) => `/prepared/${hex} ro,nosuid,nodev`);
      // One that has to prepare the large one is ended for want of memory.
      const first = await startSpinPod(containerd(), "spin-first", name, 112);
      await expectAnswers(first.pod, "js");
      expect(await preparedMounts(await pidOf(containerd(), first.id))).to.include(large);
      await untilPrepared(wasmOf(image));
      await first.pod.remove();
      const second = await startSpinPod(containerd(), "spin-second", name, 112);
      await expectAnswers(second.pod, "js");
      expect(await preparedMounts(await pidOf(containerd(), second.id))).to.have.members([large, small]);
      await second.pod.remove();
      await removeLaidOut(image);
    });

    it("answers from C, and from the manifest itself, with less than 15 kB", async () => {
      const image = await artifactOf("c-spin");
      const { pod } = await startSpinPod(containerd(), "spin-c", await pull(containerd(), image));
      expect(await askPod(pod, "/")).to.match(/^hello from c/);
      expect(await askPod(pod, "/static")).to.equal("static\n");
      expect(sizeOf(image)).to.be.lessThan(15_000);
      await pod.remove();
      await removeLaidOut(image);
    });

    it("says hello from Rust with less than 284 kB, from an archive that was imported", async () => {
      const image = await artifactOf("rust-spin-hello");
      const limit = AbortSignal.timeout(TEST_TIMEOUT_MS);
      const isRefused = version === "1.6"; // As in `pull`.
      const name = await (isRefused ? pull(containerd(), image) : importImage(containerd(), "hello", image, limit));
      const { pod } = await startSpinPod(containerd(), "spin-hello", name);
      expect(await askPod(pod, "/")).to.equal("hello from rust\n");
      expect(sizeOf(image)).to.be.lessThan(284_000);
      await pod.remove();
      await removeLaidOut(image);
    });

    it("does not start from an artifact whose files would lie elsewhere, and says why", async () => {
      const image = hostile(await artifactOf("rust-spin"));
      const name = await pull(containerd(), image);
      const failure = await startSpinPod(containerd(), "spin-hostile", name).catch(String);
      expect(failure).to.include('the path "../../../../etc/cron.d/x" of component "app" is not relative');
      expect(await removeLaidOut(image)).to.deep.equal([]);
    });
  });
});

/** Once it has ended. */
async function exitCodeOf(containerd: TestContainerd, id: string): Promise<unknown> {
  const wait = { what: "the end of the container", timeoutMs: TEST_TIMEOUT_MS, see: "its log" };
  async function look(): Promise<{ readonly code: unknown } | undefined> {
    const { state, exitCode } = await statusOf(containerd, id);
    return state === EXITED ? { code: exitCode } : undefined;
  }
  return (await pollUntil(wait, look, AbortSignal.timeout(TEST_TIMEOUT_MS))).code;
}

/** One that the node has not seen. */
async function artifactOf(name: SpinAppName, mode?: FileMode): Promise<OciImage> {
  const app = await lockedAppIn(await buildSpinApp(name));
  return spinArtifact({ ...app, description: randomUUID() }, mode);
}

function hostile({ config, layers }: OciImage): OciImage {
  const locked = layers.at(-1);
  const app = JSON.parse(Buffer.from(locked?.bytes ?? []).toString()) as {
    components: { files: { path: string }[] }[];
  };
  const file = app.components[0]?.files[0];
  if (locked === undefined || file === undefined) throw new Error("Cannot make it hostile: it has no files");
  file.path = "../../../../etc/cron.d/x";
  return imageOf(config, [...layers.slice(0, -1), jsonPart(locked.mediaType, app)]);
}

/** Digests of its components in hexadecimal, that of the largest first. */
function wasmOf({ layers }: OciImage): readonly string[] {
  const components = layers.filter(({ mediaType }) => mediaType === WASM_TYPE);
  const sorted = components.toSorted((one, other) => other.bytes.length - one.bytes.length);
  return sorted.map(({ bytes }) => digestOf(bytes).slice("sha256:".length));
}

/** Of all that a registry has of it. */
function sizeOf({ config, layers, manifest }: OciImage): number {
  return [config, ...layers, manifest].reduce((sum, { bytes }) => sum + bytes.length, 0);
}
