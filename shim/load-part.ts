import { Buffer } from "node:buffer";
import { getRawAsset } from "node:sea";
import { nodeVm } from "@rcm/lib/late-modules";

interface Module {
  exports: unknown;
}

type Body = (exports: unknown, require: NodeJS.Require, module: Module) => void;

/**
 * Runs a part of the program, which the build keeps in a script of its own beside its compiled code: whoever does not
 * need it does not pay for its text. The build puts a call of this in the place of the `import()`.
 *
 * @param require of the program: a part has Node's own modules only.
 * @returns what the part exports.
 */
export function loadPart(name: string, require: NodeJS.Require): unknown {
  const { Script } = nodeVm();
  const script = new Script(Buffer.from(getRawAsset(`${name}.cjs`)).toString("latin1"), {
    filename: `${name}.cjs`, // Seen in stack traces.
    cachedData: Buffer.from(getRawAsset(`${name}.cache`)),
  });
  // As Node does for the program itself; nobody sees it unless Node's flags are changed.
  if (script.cachedDataRejected === true) process.emitWarning(`The compiled code of "${name}" is rejected`);
  const module: Module = { exports: {} };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the build wraps each part in such a function
  (script.runInThisContext() as Body)(module.exports, require, module);
  return module.exports;
}
