import { isKubeError } from "@rcm/lib/kube";
import { CliError } from "../errors.ts";

/** What Node says to those who start it themselves. */
const ADVICE_OF_NODE = /; if the root CA is installed locally, try running Node\.js with --use-system-ca$/;
/** How Node says that it does not trust a certificate. */
const MISTRUST = /unable to (?:verify the first|get (?:local )?issuer) certificate|self[- ]signed certificate/;

/** The same error, with what a person does about it where the cluster does not say so. */
export function explained(error: unknown): unknown {
  if (isKubeError(error, "Unauthorized")) {
    const remedy =
      "the token or the certificate is wrong, or its time is over: sign in again, or choose another --user";
    return new CliError("NO_CLUSTER", `${error.message}: ${remedy}`, { cause: error });
  }
  if (isKubeError(error, "Unavailable") && MISTRUST.test(error.message)) {
    const problem = error.message.replace(ADVICE_OF_NODE, "");
    return new CliError("NO_CLUSTER", `${problem}: name its authority with --certificate-authority`, { cause: error });
  }
  return error;
}
