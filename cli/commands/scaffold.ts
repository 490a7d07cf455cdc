import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { messageOf } from "@rcm/lib/errors";
import { APP_FLAGS } from "../app/app-flags.ts";
import { appObjects } from "../app/app-objects.ts";
import { readAppOptions, type AppOptions } from "../app/app-options.ts";
import { manifestText } from "../app/manifest-text.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { readNamespace } from "../flags/connection-flags.ts";
import { readInput } from "../read-file.ts";

/** Only its owner may read it: it can have a runtime configuration with passwords in it. */
const MODE = 0o600;

export const SCAFFOLD = defineCommand({
  name: "scaffold",
  summary: "Write the manifest of an application; needs no cluster",
  flags: {
    ...APP_FLAGS,
    namespace: { kind: "text", short: "n", help: "namespace that the manifest names" },
    out: { kind: "text", short: "o", isFile: true, help: "file to write, in place of the standard output" },
  },
  validate: (values) => ({
    app: readAppOptions(values),
    namespace: readNamespace(values),
    out: values.optional("out"),
  }),
  async run({ app, namespace, out }, io) {
    const runtimeConfig = await readRuntimeConfig(app, io.cwd);
    const text = manifestText(appObjects(app, { namespace, runtimeConfig }));
    if (out === undefined) {
      io.stdout.write(text);
      return;
    }
    await writeFile(resolve(io.cwd, out), text, { mode: MODE }).catch((cause: unknown) => {
      throw new CliError("INPUT", `Cannot write the manifest to "${out}": ${messageOf(cause)}`, { cause });
    });
    io.stderr.write(`Application manifest saved to ${out}\n`);
  },
});

/** Undefined when there is to be none. */
export async function readRuntimeConfig(
  { runtimeConfigFile: file }: AppOptions,
  cwd: string,
): Promise<Buffer | undefined> {
  return file === undefined ? undefined : readInput("--runtime-config-file", resolve(cwd, file));
}
