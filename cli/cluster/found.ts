import { isKubeError, type Resource } from "@rcm/lib/kube";
import { CliError } from "../errors.ts";

/** How the API server answers for a group that it does not have. */
const NO_SUCH_KIND = /404 page not found|could not find the requested resource/;

/** What is asked for: `application`, and how it is called if it is one. */
interface Wanted {
  readonly what: string;
  readonly name?: string | undefined;
}

/**
 * Says in the words of people what it means that the server has not found something.
 *
 * @throws {CliError} `NO_CLUSTER` when the cluster does not have such objects; `NOT_FOUND` when there is none of that
 *   name.
 */
export async function found<T>(answer: Promise<T>, resource: Resource, { what, name }: Wanted): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!isKubeError(cause, "NotFound")) throw cause;
    if (NO_SUCH_KIND.test(cause.message)) {
      const problem = `The cluster has no ${resource.plural} of ${resource.group}/${resource.version}`;
      throw new CliError("NO_CLUSTER", `${problem}: install their operator first`, { cause });
    }
    if (name === undefined) throw cause;
    throw new CliError("NOT_FOUND", `Could not find ${what} with name ${name}`, { cause });
  }
}
