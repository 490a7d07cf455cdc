import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";

const DEADLINE_MS = 30_000;

export interface Talk {
  /** Waits until the pattern is in what was printed so far, on either stream. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  say(text: string): void;
  /** Closes its standard input and returns its exit code and all that it printed. */
  end(): Promise<{ readonly code: number | null; readonly text: string }>;
  /** Kills it, if it still runs. */
  stop(): Promise<void>;
}

/** A kubectl that goes on while the test talks to it: attach, exec with input, port-forward. All waits end after 30 s. */
export function talk(kubeconfig: string, args: readonly string[]): Talk {
  return talkTo("kubectl", ["--kubeconfig", kubeconfig, ...args]);
}

/** The same on a terminal of 40 lines and 100 columns. */
export function talkOnTerminal(kubeconfig: string, args: readonly string[]): Talk {
  const words = ["kubectl", "--kubeconfig", kubeconfig, ...args].map((word) => `'${word.replaceAll("'", `'\\''`)}'`);
  return talkTo("script", [
    "--quiet",
    "--return",
    "--command",
    `stty rows 40 cols 100; ${words.join(" ")}`,
    "/dev/null",
  ]);
}

function talkTo(program: string, args: readonly string[]): Talk {
  const child = spawn(program, args, { timeout: 2 * DEADLINE_MS, killSignal: "SIGKILL" });
  const closed = once(child, "close") as Promise<[number | null]>;
  const output = { text: "", isWhole: false };
  child.once("close", () => (output.isWhole = true));
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => (output.text += text));
  }
  child.stdin.on("error", () => undefined); // It may end before it has read all.
  return {
    until: async (pattern) => matchOf(output, pattern),
    say: (text) => child.stdin.write(text),
    end: async () => {
      child.stdin.end();
      const [code] = await closed;
      return { code, text: output.text };
    },
    stop: async () => {
      child.kill("SIGKILL");
      await closed;
    },
  };
}

interface Output {
  readonly text: string;
  readonly isWhole: boolean;
}

async function matchOf(output: Output, pattern: RegExp): Promise<RegExpExecArray> {
  for (const end = performance.now() + DEADLINE_MS; ;) {
    const { isWhole, text } = output;
    const match = pattern.exec(text);
    if (match !== null) return match;
    if (isWhole || performance.now() > end) throw new Error(`kubectl did not say ${String(pattern)} but "${text}"`);
    await delay(50);
  }
}
