import { parseTomlDocument } from "../document/parse-document.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import { checkReferences } from "./check-references.ts";
import { readManifestV1 } from "./read-manifest-v1.ts";
import { readManifestV2 } from "./read-manifest-v2.ts";
import type { SpinManifest } from "./spin-manifest.ts";

const MAX_BYTES = 1024 * 1024;

/**
 * The manifest in the text of a `spin.toml`, of version 2 or 1. What only tools read (`build`, `tool`, `targets`) is
 * left out.
 *
 * @throws {SpinError} `INVALID` for what is no TOML, for fields that are not known, and for values of the wrong kind;
 * `UNSUPPORTED` for other versions.
 */
export async function parseSpinManifest(text: string): Promise<SpinManifest> {
  const root = await parseTomlDocument({ name: "spin.toml", text, maxBytes: MAX_BYTES });
  const manifest = readVersion(root) === 1 ? readManifestV1(root) : readManifestV2(root);
  root.refuseOthers();
  checkReferences(manifest);
  return manifest;
}

/** The oldest manifests have another name for it. */
function readVersion(root: Table): 1 | 2 {
  const version = root.value("spin_manifest_version");
  const old = root.value("spin_version");
  if (version === 2 && old === undefined) return 2;
  if (String(version ?? old) === "1") return 1;
  const is = `the version is ${quote(version ?? old)}`;
  throw root.unsupported("spin_manifest_version", is, "write spin_manifest_version = 2, and what belongs to it");
}
