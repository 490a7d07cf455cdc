import { TtrpcError } from "../ttrpc/status.ts";

/**
 * @throws {TtrpcError} `DEADLINE_EXCEEDED` with `message` if `promise` is not settled after `ms` milliseconds.
 */
export async function orTimeout<T>(promise: Promise<T>, ms: number, message: string): Promise<T> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new TtrpcError("DEADLINE_EXCEEDED", `${message} after ${ms} ms`));
  }, ms);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
