/** On Secrets with certificates that we made; key and value are upstream's. */
export const MANAGED_BY_ANNOTATION = "app.kubernetes.io/managed-by";
export const CA_MANAGER = "spin-operator.spinkube.dev";

/** Says which certificates are in a Secret that we made. */
export const CA_DIGEST_ANNOTATION = "core.spinkube.dev/ca-certificates-sha256";
