import type { Reference } from "./references.ts";
import type { SpinAppObject } from "./spinapp-object.ts";

type Spec = SpinAppObject["spec"];
type Sidecar = NonNullable<Spec["sidecars"]>[number];
type Volume = NonNullable<Spec["volumes"]>[number];
type Mount = NonNullable<Spec["volumeMounts"]>[number];
type Source = Pick<Reference, "kind" | "name" | "key">;

/**
 * What the pods take by themselves and read once: environments of sidecars, and files of volumes that are mounted by
 * `subPath`, which kubelet does not renew. What of it is missing is for kubelet to say.
 */
export function podReferences({ sidecars = [], volumes = [], volumeMounts = [] }: Spec): readonly Reference[] {
  const ofSidecars = sidecars.flatMap((sidecar, at) => located(environmentSources(sidecar), `spec.sidecars[${at}]`));
  const mounts = [...volumeMounts, ...sidecars.flatMap((sidecar) => sidecar.volumeMounts ?? [])];
  const ofVolumes = volumes.flatMap((volume, at) => located(mountedSources(volume, mounts), `spec.volumes[${at}]`));
  return [...ofSidecars, ...ofVolumes];
}

function located(sources: readonly Source[], field: string): readonly Reference[] {
  return sources.map((source) => ({ ...source, optional: true, field, use: "restart" }));
}

function environmentSources({ env = [], envFrom = [] }: Sidecar): readonly Source[] {
  return [
    ...env.flatMap(({ valueFrom: { secretKeyRef, configMapKeyRef } = {} }) => [
      ...sourceOf("Secret", secretKeyRef?.name, secretKeyRef?.key),
      ...sourceOf("ConfigMap", configMapKeyRef?.name, configMapKeyRef?.key),
    ]),
    ...envFrom.flatMap(({ secretRef, configMapRef }) => [
      ...sourceOf("Secret", secretRef?.name),
      ...sourceOf("ConfigMap", configMapRef?.name),
    ]),
  ];
}

function mountedSources({ name, secret, configMap, projected }: Volume, mounts: readonly Mount[]): readonly Source[] {
  const paths = mounts.flatMap(({ name: volume, subPath, subPathExpr }) =>
    volume === name && (subPath ?? subPathExpr ?? "") !== "" ? [subPath] : [],
  );
  const contents = [
    { kind: "Secret", name: secret?.secretName, items: secret?.items },
    { kind: "ConfigMap", name: configMap?.name, items: configMap?.items },
    ...(projected?.sources ?? []).flatMap((part) => [
      { kind: "Secret", name: part.secret?.name, items: part.secret?.items } as const,
      { kind: "ConfigMap", name: part.configMap?.name, items: part.configMap?.items } as const,
    ]),
  ] as const;
  return paths.flatMap((path) =>
    contents.flatMap((content) => {
      if (content.items === undefined) return sourceOf(content.kind, content.name, path);
      return content.items.flatMap((item) =>
        path === undefined || item.path === path || item.path.startsWith(`${path}/`)
          ? sourceOf(content.kind, content.name, item.key)
          : [],
      );
    }),
  );
}

function sourceOf(kind: Source["kind"], name: string | undefined, key?: string): readonly Source[] {
  return name === undefined || name === "" ? [] : [{ kind, name, key }];
}
