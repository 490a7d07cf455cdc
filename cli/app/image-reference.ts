const DOMAIN_PART = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${DOMAIN_PART}(?:\\.${DOMAIN_PART})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const PATH_PART = "[a-z0-9]+(?:(?:[.]|__?|-+)[a-z0-9]+)*";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const REFERENCE = new RegExp(
  `^(?:(?<domain>${DOMAIN})/)?(?<path>${PATH_PART}(?:/${PATH_PART})*)(?::${TAG})?(?:@${DIGEST})?$`,
);
/** Characters of domain and path. */
const MAX_NAME = 255;
/** Of tag and digest too: far more than any has. */
const MAX_REFERENCE = 2048;
/** Looks like the id of an image, which no registry has. */
const IMAGE_ID = /^[a-f0-9]{64}$/;

/**
 * The last part of the path of an image: `hello` of `ghcr.io/someone/hello:v1`. Undefined when it is no reference as
 * Docker takes it.
 *
 * @see {@link https://github.com/distribution/reference/blob/v0.6.0/regexp.go}
 */
export function nameInReference(reference: string): string | undefined {
  const bare = reference.replace(/^https?:\/\//, "");
  if (bare.length > MAX_REFERENCE || IMAGE_ID.test(bare)) return undefined;
  const { domain = "", path = "" } = REFERENCE.exec(bare)?.groups ?? {};
  if (path === "" || domain.length + path.length > MAX_NAME) return undefined;
  return path.slice(path.lastIndexOf("/") + 1);
}
