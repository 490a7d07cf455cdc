/** Hosts of requests that go from component to component: `backend.spin.internal`. */
export const CHAINING_SUFFIX = ".spin.internal";

/** The component that a host such as `backend.spin.internal` means; `undefined` for other hosts. */
export function chainedComponent(host: string): string | undefined {
  if (!host.endsWith(CHAINING_SUFFIX)) return undefined;
  const id = host.slice(0, -CHAINING_SUFFIX.length);
  return id === "" || id.includes(".") ? undefined : id;
}
