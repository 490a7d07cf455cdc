/** `wasi:http/types.method` */
export type Method = { readonly tag: KnownMethod } | { readonly tag: "other"; readonly val: string };

type KnownMethod = "get" | "head" | "post" | "put" | "delete" | "connect" | "options" | "trace" | "patch";

/** `wasi:http/types.scheme` */
export type Scheme =
  | { readonly tag: "HTTP" }
  | { readonly tag: "HTTPS" }
  | { readonly tag: "other"; readonly val: string };

export const SCHEME_HTTP: Scheme = { tag: "HTTP" };

const METHODS: ReadonlyMap<string, Method> = new Map(
  (["get", "head", "post", "put", "delete", "connect", "options", "trace", "patch"] as const).map((tag) => [
    tag.toUpperCase(),
    { tag },
  ]),
);

/** Methods are case-sensitive: `get` is not `GET`. */
export function methodFromText(text: string): Method {
  return METHODS.get(text) ?? { tag: "other", val: text };
}

export function textOfMethod(method: Method): string {
  return method.tag === "other" ? method.val : method.tag.toUpperCase();
}
