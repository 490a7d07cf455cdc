import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { encodeGuest } from "@rcm/shim/spec/guest-document";
import { ExecutorProcess, FLAGS } from "./executor-process.ts";

const MAIN = join(import.meta.dirname, "..", "..", "shim", "main.ts");
/**
 * A root folder that has the machine's folders in it, and the guest's: as the shim makes one, in a mount namespace that
 * ends with the process. Arguments: the root, the image, its option; then place, source and option of each volume.
 */
const SCRIPT = `set -e
root=$1 image=$2 option=$3
shift 3
mount --make-rprivate /
mount -t tmpfs tmpfs "$root"
for entry in /*; do
  if [ -L "$entry" ]; then cp -a "$entry" "$root$entry"
  elif [ -d "$entry" ]; then mkdir "$root$entry" && mount --rbind "$entry" "$root$entry"
  fi
done
mkdir -p "$root/guest"
mount --bind "$image" "$root/guest"
while [ "$1" != -- ]; do
  mount --bind "$2" "$root/guest$1"
  mount -o "remount,bind,$3" "$root/guest$1"
  shift 3
done
shift
mount -o "remount,bind,$option" "$root/guest"
exec chroot "$root" "$@"`;

export interface PodVolume {
  /** In the container. */
  readonly path: string;
  readonly access?: "ro" | "rw";
  /** `undefined`: a folder. */
  readonly content?: string;
}

export interface PodSetting {
  readonly args?: readonly string[];
  readonly env?: readonly string[];
  readonly volumes?: readonly PodVolume[];
  readonly image?: "ro" | "rw";
  /** Of the executor itself. */
  readonly own?: Readonly<Record<string, string>>;
}

/** Image, volumes and executor of one pod, without a container around them. */
export class PodRoot implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), "pod-root-"));

  constructor() {
    for (const name of ["root", "image", "volumes"]) mkdirSync(join(this.#folder, name));
  }

  /** The folder that is the image. */
  get image(): string {
    return join(this.#folder, "image");
  }

  /** Where the volume with this path is on the host. */
  volume(path: string): string {
    return join(this.#folder, "volumes", path.replaceAll("/", "-"));
  }

  start({ args = ["/"], env = [], volumes = [], image = "rw", own = {} }: PodSetting): ExecutorProcess {
    const mounts = volumes.flatMap((volume) => [volume.path, this.#make(volume), volume.access ?? "rw"]);
    const guest = encodeGuest({ args, env: ["SPIN_HTTP_LISTEN_ADDR=127.0.0.1:0", ...env], cwd: "/" });
    const variables = Object.fromEntries(guest.map((entry) => entry.split(/=(.*)/s).slice(0, 2) as [string, string]));
    const command = [process.execPath, ...FLAGS, MAIN, "executor"];
    const script = [join(this.#folder, "root"), this.image, image, ...mounts, "--", ...command];
    return new ExecutorProcess(script, { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", ...variables, ...own }, [
      "unshare",
      "--mount",
      "sh",
      "-c",
      SCRIPT,
      "sh",
    ]);
  }

  /** On the host, and the place for it in the image. */
  #make({ path, content }: PodVolume): string {
    const [source, place] = [this.volume(path), join(this.image, path)];
    if (content === undefined) {
      for (const folder of [source, place]) mkdirSync(folder, { recursive: true });
    } else {
      mkdirSync(dirname(place), { recursive: true });
      writeFileSync(source, content);
      writeFileSync(place, "");
    }
    return source;
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}
