import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import {
  cleaned,
  DIFFERENCES,
  expectedDeployment,
  expectedToml,
  readGolden,
  SAMPLES,
  type Stored,
} from "../support/golden-spin.ts";
import { secret, SpinScene } from "../support/spin-scene.ts";

const DOCS = join(import.meta.dirname, "../../docs/spin-operator.md");
const LIMIT = 8;

interface Secret {
  readonly metadata: {
    readonly name: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly ownerReferences?: readonly { readonly controller?: boolean }[];
  };
  readonly data: Readonly<Record<string, string>>;
}

describe("SpinApps, with the rights of deploy/, on a real API server", () => {
  let scene: SpinScene;
  before(async () => {
    scene = await SpinScene.open();
  });
  after(async () => {
    await scene.close();
  });

  async function storedOf(
    namespace: string,
    app: string,
  ): Promise<{ readonly deployment: Stored; readonly service: Stored }> {
    const deployment = await scene.get<Stored>(namespace, "deployment", app);
    const service = await scene.get<Stored>(namespace, "service", app);
    if (deployment === undefined || service === undefined) throw new Error("There is no Deployment or no Service");
    return { deployment, service };
  }

  /** Secrets with a runtime configuration of a SpinApp. */
  async function configsOf(namespace: string, app: string): Promise<readonly Secret[]> {
    const label = `core.spinkube.dev/app-name=${app}`;
    return (await scene.get<{ readonly items: readonly Secret[] }>(namespace, "secrets", "-l", label))?.items ?? [];
  }

  /** The runtime configuration that there is; undefined for none. */
  async function configOf(
    namespace: string,
    app: string,
  ): Promise<{ readonly toml: string | undefined; readonly isControlled: boolean }> {
    const [first, ...others] = await configsOf(namespace, app);
    expect(others).to.deep.equal([]);
    const base64 = first?.data["runtime-config.toml"];
    const toml = base64 === undefined ? undefined : Buffer.from(base64, "base64").toString();
    return { toml, isControlled: first?.metadata.ownerReferences?.[0]?.controller === true };
  }

  describe("of upstream's samples become what upstream makes of them", () => {
    before(async () => {
      await scene.namespace("golden");
      const values = { "turso-token": "tok-1", "llm-token": "tok-2", "redis-full-url": "redis://u:p@r:6379" };
      await scene.apply("golden", secret("my-super-secret", values));
    });

    for (const sample of SAMPLES) {
      it(sample, async () => {
        const golden = await readGolden(sample);
        await scene.apply("golden", golden.input);
        await scene.until("golden", golden.app, "Running");
        const { deployment, service } = await storedOf("golden", golden.app);
        expect(cleaned(service)).to.deep.equal(golden.service);
        expect(cleaned(deployment)).to.deep.equal(expectedDeployment(golden, deployment));
        const { toml, isControlled } = await configOf("golden", golden.app);
        expect(toml).to.equal(expectedToml(golden));
        expect(isControlled).to.equal(toml !== undefined);
      });
    }

    it("but for the differences that the documentation names", async () => {
      const [table = ""] = (await readFile(DOCS, "utf8")).split("## Other behaviour");
      const named = [...table.matchAll(/^\| `([\w-]+)` +\|/gm)].map(([, name]) => name);
      expect(named).to.deep.equal(DIFFERENCES);
    });

    it(`with at most ${LIMIT} requests each until they are settled`, async () => {
      const requests = await scene.requests("golden");
      const apps = await Promise.all(SAMPLES.map(async (sample) => (await readGolden(sample)).app));
      const counts = apps.map((app) => requests.filter((line) => line.includes(` ${app}`)).length);
      const shared = requests.filter((line) => !apps.some((app) => line.includes(` ${app}`)));
      const lines = [
        `requests: ${apps.map((app, at) => `${app} ${counts[at] ?? 0}`).join(", ")}`,
        `besides: ${shared.join(", ")}`,
      ];
      process.stdout.write(lines.map((line) => `        ${line}\n`).join(""));
      expect(Math.max(...counts)).to.be.at.most(LIMIT);
    });
  });
});
