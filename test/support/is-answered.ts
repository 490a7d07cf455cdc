import { get, type RequestOptions } from "node:http";

/** Whether a server answers 200, to its end. */
export async function isAnswered(options: RequestOptions): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const request = get(options, (response) => {
    response.resume();
    response.once("end", () => {
      resolve(response.statusCode === 200);
    });
  });
  request.once("error", () => {
    resolve(false);
  });
  return promise;
}
