import { nameOf, type ShimObject } from "./shim-object.ts";

/** Why this Shim must not touch a node: an older one has its handler or its RuntimeClass; undefined if none has. */
export function findConflict(shim: ShimObject, shims: readonly ShimObject[]): string | undefined {
  const { name, handler } = shim.spec.runtimeClass;
  const older = shims.find(
    (other) =>
      (other.spec.runtimeClass.handler === handler || other.spec.runtimeClass.name === name) && isOlder(other, shim),
  );
  if (older === undefined) return undefined;
  const what = older.spec.runtimeClass.handler === handler ? `handler "${handler}"` : `RuntimeClass "${name}"`;
  return `Shim "${nameOf(older)}" is older and has the ${what}: delete one of the two Shims`;
}

/** Names decide between those of the same second. */
function isOlder(a: ShimObject, b: ShimObject): boolean {
  if (a.metadata.uid === b.metadata.uid) return false;
  const [first = "", second = ""] = [a.metadata.creationTimestamp, b.metadata.creationTimestamp];
  return first === second ? nameOf(a) < nameOf(b) : first < second;
}
