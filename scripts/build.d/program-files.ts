import type { TarEntry } from "../tar-stream.ts";
import { licenseNotices } from "./bill-of-materials.ts";
import type { SplitBundle } from "./bundle.ts";

/** The program as it lies in its image, with the licences of what is bundled. */
export function programFiles({ files, packages }: SplitBundle): (TarEntry & { content: string | Uint8Array })[] {
  return [
    ...files.map(({ name, content }) => ({ kind: "file", path: `app/${name}`, content, mode: 0o644 }) as const),
    { kind: "file", path: "app/THIRD-PARTY-LICENSES.txt", content: licenseNotices(packages), mode: 0o644 },
  ];
}
