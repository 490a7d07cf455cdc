import type { Item } from "../types/items.ts";
import { invalid } from "../types/scope.ts";
import type { FuncType, ResourceType, ValType } from "../types/wit-type.ts";

const LABEL = /^[\w-]+$/;
const OF_RESOURCE = /^\[(?<role>constructor|method|static)\](?<resource>[\w-]+)/;

/** The resource types that one component or type imports, or exports, under a plain name. */
export class NamedResources {
  readonly #resources = new Map<string, ResourceType>();

  /** Notes a resource type, and fails if the item is named as a function of a resource that it does not fit. */
  add(name: string, item: Item, at: number): void {
    const { role, resource } = OF_RESOURCE.exec(name)?.groups ?? {};
    if (role !== undefined && resource !== undefined) {
      this.#check(role, this.#resources.get(resource), item, { name, at });
    }
    if (LABEL.test(name) && item.sort === "type" && item.value.kind === "resource") {
      this.#resources.set(name, item.value.resource);
    }
  }

  #check(
    role: string,
    resource: ResourceType | undefined,
    item: Item,
    { name, at }: { readonly name: string; readonly at: number },
  ): void {
    if (item.sort !== "func") throw invalid(at, `"${name}" is a ${item.sort}, not a function`);
    if (resource === undefined) throw invalid(at, `"${name}" is of a resource that has no name here`);
    if (role === "constructor" && !makes(item.value.type, resource)) {
      throw invalid(at, `"${name}" does not give its resource`);
    }
    if (role === "method" && !takesSelf(item.value.type, resource)) {
      throw invalid(at, `"${name}" does not borrow its resource as the parameter "self"`);
    }
  }
}

function makes({ result }: FuncType, resource: ResourceType): boolean {
  return isHandle("own", result?.kind === "result" ? result.ok : result, resource);
}

function takesSelf({ params: [self] }: FuncType, resource: ResourceType): boolean {
  return self?.name === "self" && isHandle("borrow", self.type, resource);
}

function isHandle(kind: "own" | "borrow", type: ValType | undefined, resource: ResourceType): boolean {
  return type?.kind === kind && type.resource === resource;
}
