import { childView, type ChildJson, type ChildView } from "./child-view.ts";

/** A Service's JSON as far as `serviceView` reads it. */
export interface ServiceJson extends ChildJson {
  readonly spec?: unknown;
  readonly status?: {
    readonly loadBalancer?: { readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[] };
  };
}

export interface ServiceView extends ChildView {
  /** Where a load balancer takes requests. */
  readonly outside: string | undefined;
}

export function serviceView(service: ServiceJson): ServiceView {
  const [first] = service.status?.loadBalancer?.ingress ?? [];
  return { ...childView(service), outside: first?.hostname ?? first?.ip };
}
