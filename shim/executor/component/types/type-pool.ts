import { ComponentError } from "../errors.ts";
import { LIMITS } from "../limits.ts";
import { layoutOf, payloadsOf } from "./layout.ts";
import type { ResourceOrigin, ResourceType, TypeShape, ValType } from "./wit-type.ts";

/** Makes types so that equal value types are the same object, and resource types are never equal. */
export class TypePool {
  readonly #types = new Map<string, ValType>();
  #resources = 0;

  /** @throws {ComponentError} `LIMIT` if the type is too large when written out. */
  value(shape: TypeShape): ValType {
    const key = keyOf(shape);
    const known = this.#types.get(key);
    if (known !== undefined) return known;
    const parts = slotsOf(shape).filter((type) => type !== undefined);
    const nodes = 1 + namesOf(shape).length + parts.reduce((sum, part) => sum + part.nodes, 0);
    if (nodes > LIMITS.typeNodes) {
      throw new ComponentError("LIMIT", `Cannot use a type of more than ${LIMITS.typeNodes} parts: it has ${nodes}`);
    }
    const depth = parts.reduce((deepest, part) => Math.max(deepest, part.depth), 0) + 1;
    if (depth > LIMITS.typeDepth) {
      throw new ComponentError("LIMIT", `Cannot use a type that is nested more than ${LIMITS.typeDepth} deep`);
    }
    const type: ValType = {
      ...shape,
      id: this.#types.size,
      nodes,
      depth,
      layout: layoutOf(shape),
      resources: resourcesOf(shape, parts),
      hasBorrow: shape.kind === "borrow" || parts.some((part) => part.hasBorrow),
      hasPointer: shape.kind === "string" || shape.kind === "list" || parts.some((part) => part.hasPointer),
    };
    this.#types.set(key, type);
    return type;
  }

  resource(origin: ResourceOrigin): ResourceType {
    this.#resources += 1;
    return { id: this.#resources, origin };
  }
}

function namesOf(shape: TypeShape): readonly string[] {
  if (shape.kind === "enum" || shape.kind === "flags") return shape.names;
  if (shape.kind === "record") return shape.fields.map(({ name }) => name);
  return shape.kind === "variant" ? shape.cases.map(({ name }) => name) : [];
}

function slotsOf(shape: TypeShape): readonly (ValType | undefined)[] {
  if (shape.kind === "list") return [shape.element];
  if (shape.kind === "record") return shape.fields.map(({ type }) => type);
  if (shape.kind === "tuple") return shape.elements;
  return shape.kind === "enum" ? [] : (payloadsOf(shape) ?? []);
}

function resourcesOf(shape: TypeShape, parts: readonly ValType[]): ReadonlySet<ResourceType> {
  if (shape.kind === "own" || shape.kind === "borrow") return new Set([shape.resource]);
  const all = new Set<ResourceType>();
  for (const { resources } of parts) for (const resource of resources) all.add(resource);
  return all;
}

function keyOf(shape: TypeShape): string {
  const resource = shape.kind === "own" || shape.kind === "borrow" ? shape.resource.id : "";
  const slots = slotsOf(shape).map((type) => type?.id ?? "-");
  return `${shape.kind} ${namesOf(shape).join()} ${slots.join()} ${resource}`;
}
