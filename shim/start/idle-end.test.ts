import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { IdleEnd } from "./idle-end.ts";

describe("IdleEnd", () => {
  it("ends what is idle when its time is over", async () => {
    expect(await ends(() => true, [1])).to.equal(true);
  });

  it("lets be what has work then", async () => {
    expect(await ends(() => false, [1])).to.equal(false);
  });

  it("goes by the last call", async () => {
    expect(await ends(() => true, [1, 60_000])).to.equal(false);
  });

  it("never ends sooner for work that is expected at least", async () => {
    let ended = 0;
    const idle = new IdleEnd(
      () => true,
      () => {
        ended += 1;
      },
    );
    idle.expectWork(60_000);
    idle.expectWorkAtLeast(1);
    await sleep(30);
    expect(ended).to.equal(0);
    idle.expectWork(1);
    idle.expectWorkAtLeast(60_000);
    await sleep(30);
    expect(ended).to.equal(0);
    idle.expectWork(1);
    await sleep(30);
    expect(ended).to.equal(1);
  });
});

async function ends(isIdle: () => boolean, calls: readonly number[]): Promise<boolean> {
  let ended = false;
  const idle = new IdleEnd(isIdle, () => {
    ended = true;
  });
  for (const ms of calls) idle.expectWork(ms);
  await sleep(30);
  return ended;
}
