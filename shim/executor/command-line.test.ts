import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import { expect } from "chai";
import { describe, it } from "mocha";
import { commandLine } from "./command-line.ts";

interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function say(...args: readonly string[]): Promise<Said> {
  const [stdin, stdout, stderr] = [new PassThrough(), new PassThrough(), new PassThrough()];
  const code = await commandLine(args, { stdin, stdout, stderr, environment: {} }, AbortSignal.timeout(5000));
  for (const stream of [stdout, stderr]) stream.end();
  return { code, stdout: await text(stdout), stderr: await text(stderr) };
}

describe("the executor's command line", () => {
  for (const args of [["--help"], ["-h"], ["serve", "--help"], ["up", "-h"]]) {
    it(`tells what there is: ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await say(...args);
      expect({ code, stderr }).to.deep.equal({ code: 0, stderr: "" });
      expect(stdout).to.match(/^executor run \[FLAGS\] FILE\.wasm/u);
    });
  }

  it("leaves to the guest what follows its file", async () => {
    const { code, stdout, stderr } = await say("run", "/nonexistent.wasm", "--help");
    expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
    expect(stderr).to.include("/nonexistent.wasm");
  });

  for (const args of [[], ["sevre"]]) {
    it(`says how it is used, as an error, after "${args.join(" ")}"`, async () => {
      const { code, stdout, stderr } = await say(...args);
      expect({ code, stdout }).to.deep.equal({ code: 2, stdout: "" });
      expect(stderr).to.match(/^executor run \[FLAGS\] FILE\.wasm/u);
    });
  }
});
