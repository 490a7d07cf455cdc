import { isKubeError } from "@rcm/lib/kube";

/**
 * Undefined when the API server cannot answer just now, as while it is renewed: who waits for something else looks again.
 *
 * @param onAway told why.
 */
export async function unlessAway<T>(answer: Promise<T>, onAway: (problem: string) => void): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (!isKubeError(error, "Unavailable", "Timeout", "TooManyRequests")) throw error;
    onAway(error.message);
    return undefined;
  }
}
