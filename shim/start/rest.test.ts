import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { describe, it } from "mocha";
import { Rest } from "./rest.ts";

const MEBIBYTE = 1024 * 1024;

describe("Rest", () => {
  it("gives back garbage and what is mapped of files, once no more work comes", async () => {
    const problems: unknown[] = [];
    const rest = new Rest((error) => problems.push(error));
    const before = work();
    rest.expect(60_000);
    rest.expect(1);
    await eventually(() => memory().anonymous < before.anonymous - 4 * MEBIBYTE);
    await eventually(() => memory().files < before.files / 1.3);
    expect(problems).to.deep.equal([]);
  });

  it("waits for more", async () => {
    const problems: unknown[] = [];
    const rest = new Rest((error) => problems.push(error));
    let isKept = false;
    // V8 may collect by itself in such a time, but not each time.
    for (let tries = 0; tries < 5 && !isKept; tries += 1) {
      rest.expect(1);
      rest.expect(60_000);
      const before = work();
      await sleep(200);
      isKept = memory().anonymous > before.anonymous - 4 * MEBIBYTE;
    }
    expect(isKept).to.equal(true);
    expect(problems).to.deep.equal([]);
  });

  it("does not wait for an end of work that never ends", async () => {
    const problems: unknown[] = [];
    const rest = new Rest((error) => problems.push(error));
    const before = work();
    rest.expectWithin(50);
    await eventually(() => {
      rest.expectWithin(60_000);
      return memory().anonymous < before.anonymous - 4 * MEBIBYTE;
    });
    expect(problems).to.deep.equal([]);
  });
});

/** Makes 8 MiB of garbage. What this process has then. */
function work(): ReturnType<typeof memory> {
  const garbage = Array.from({ length: 200_000 }, (_, index) => ({ index }));
  expect(garbage).to.have.property("length", 200_000);
  return memory();
}

async function eventually(holds: () => boolean): Promise<void> {
  for (const end = performance.now() + 10_000; !holds() && performance.now() < end;) await sleep(20);
  expect(holds()).to.equal(true);
}

/** Bytes that this process has in memory. */
function memory(): { readonly anonymous: number; readonly files: number } {
  const status = readFileSync("/proc/self/status", "latin1");
  function bytes(name: string): number {
    return Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "mu").exec(status)?.[1]) * 1024;
  }
  return { anonymous: bytes("RssAnon"), files: bytes("RssFile") };
}
