/** Which SpinApps refer to which Secrets and ConfigMaps: a change of one concerns only those. */
export class ReferenceIndex {
  readonly #objects = new Map<string, readonly string[]>();
  readonly #apps = new Map<string, Set<string>>();

  /** @param objects what the SpinApp refers to now, as `Secret/namespace/name`. */
  set(app: string, objects: readonly string[]): void {
    for (const object of this.#objects.get(app) ?? []) this.#remove(object, app);
    if (objects.length === 0) this.#objects.delete(app);
    else this.#objects.set(app, objects);
    for (const object of objects) {
      const apps = this.#apps.get(object) ?? new Set();
      apps.add(app);
      this.#apps.set(object, apps);
    }
  }

  appsOf(object: string): readonly string[] {
    return [...(this.#apps.get(object) ?? [])];
  }

  #remove(object: string, app: string): void {
    const apps = this.#apps.get(object);
    apps?.delete(app);
    if (apps?.size === 0) this.#apps.delete(object);
  }
}
