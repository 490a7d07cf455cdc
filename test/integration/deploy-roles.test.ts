import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { after, before, describe, it } from "mocha";
import { startApi, type RunningApi } from "../cluster/index.ts";
import { createKubectl, eventually, type Kubectl } from "../support/kubectl.ts";

const DEPLOY = join(import.meta.dirname, "../../deploy");
const NEVER = new AbortController().signal;

describe("roles of people, as deployed", () => {
  let api: RunningApi;
  let kubectl: Kubectl;
  let folder = "";
  before(async function start() {
    this.timeout(120_000);
    folder = await mkdtemp(join(tmpdir(), "rcm-roles-"));
    api = await startApi({ dir: join(folder, "api"), with: "controllers" }, NEVER);
    kubectl = createKubectl(api.kubeconfig);
    await kubectl(["apply", "-k", DEPLOY]);
    for (const role of ["view", "edit", "admin"]) {
      await kubectl(["create", "rolebinding", role, `--clusterrole=${role}`, `--user=${role}`]);
    }
  });
  after(async () => {
    await api.stop(NEVER);
    await rm(folder, { recursive: true });
  });

  async function may(user: string, verb: string, what: string): Promise<boolean> {
    const answer = await kubectl(["auth", "can-i", verb, what, "--as", user]).catch((error: unknown) => String(error));
    return answer.startsWith("yes");
  }

  for (const group of ["core.spinkube.dev", "core.spinoperator.dev"]) {
    it(`let developers have applications of ${group}, and others see them`, async () => {
      const app = `spinapps.${group}`;
      await eventually("the roles with ours in them", 30_000, async () =>
        // The controller takes into `admin` what it has written into `edit` before.
        (await may("admin", "create", app)) && (await may("view", "list", app)) ? true : undefined,
      );
      for (const what of [app, `${app}/scale`, `spinappexecutors.${group}`]) {
        for (const user of ["edit", "admin"]) expect(await may(user, "patch", what), `${user} ${what}`).to.equal(true);
        expect(await may("view", "get", what), what).to.equal(true);
        expect(await may("view", "patch", what), what).to.equal(false);
      }
    });
  }

  it("give nobody Shims, which are root on nodes", async () => {
    for (const user of ["view", "edit", "admin"]) {
      for (const verb of ["get", "create", "patch", "delete"]) expect(await may(user, verb, "shims")).to.equal(false);
    }
  });
});
