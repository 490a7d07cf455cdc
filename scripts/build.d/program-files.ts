import type { TarEntry } from "../tar-stream.ts";
import { licenseNotices } from "./bill-of-materials.ts";
import type { Bundle } from "./bundle.ts";
import type { ImageName } from "./programs.ts";

/** The program as it lies in its image, with the licences of what is bundled. */
export function programFiles(
  image: ImageName,
  { code, packages }: Bundle,
): (TarEntry & { content: string | Uint8Array })[] {
  return [
    { kind: "file", path: `app/${image}.mjs`, content: code, mode: 0o644 },
    { kind: "file", path: "app/THIRD-PARTY-LICENSES.txt", content: licenseNotices(packages), mode: 0o644 },
  ];
}
