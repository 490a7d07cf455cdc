import type { ArtifactSource } from "@rcm/lib/install-job";
import { artifactFor, normalArchitecture } from "./artifact.ts";
import type { Ineligible } from "./eligibility.ts";
import type { NodeView } from "./node-view.ts";
import type { ShimObject } from "./shim-object.ts";
import { wantedHash } from "./wanted.ts";

/** What a node of one platform should get. */
export interface WantedArtifact {
  readonly artifact: ArtifactSource | undefined;
  /** Empty where there is no artifact. */
  readonly hash: string;
  readonly missing: Ineligible | undefined;
}

/** Looks the artifact of a node up; each platform is worked out once. */
export function artifactsOf(shim: ShimObject): (node: Pick<NodeView, "os" | "architecture">) => WantedArtifact {
  const known = new Map<string, WantedArtifact>();
  return ({ os, architecture }) => {
    const platform = `${os}/${normalArchitecture(architecture)}`;
    const wanted = known.get(platform) ?? artifactOf(shim, os, architecture);
    known.set(platform, wanted);
    return wanted;
  };
}

function artifactOf(shim: ShimObject, os: string, architecture: string): WantedArtifact {
  const artifact = artifactFor(shim.spec.fetchStrategy, { os, architecture });
  if (artifact !== undefined) return { artifact, hash: wantedHash(shim, artifact), missing: undefined };
  const platform = `${os}/${normalArchitecture(architecture)}`;
  const message = `No entry of spec.fetchStrategy.platforms is for ${platform}: add one, or exclude the node by spec.nodeSelector`;
  return { artifact, hash: "", missing: { kind: "unsupported", reason: "NoArtifactForPlatform", message } };
}
