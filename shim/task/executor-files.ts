import { existsSync } from "node:fs";
import type { WasmOfImage } from "../content/wasm-of-image.ts";
import type { PreparedFile } from "../prepared/prepared-components.ts";
import {
  COMPONENT_VARIABLE,
  PREPARED_VARIABLE,
  READY_VARIABLE,
  SPIN_APP_VARIABLE,
  type ExecutorLayout,
} from "../spec/executor-layout.ts";
import type { MountedFile } from "../spec/executor-tree.ts";

/** What the executor's container has of the node, and how it starts. */
export interface ExecutorFiles extends Pick<ExecutorLayout, "command" | "env"> {
  readonly files: readonly MountedFile[];
}

/** Name of the program in the executor's root. */
const PROGRAM = "/containerd-shim-spin-v2";

/** What images that have no files consist of. */
const COMPONENT = "/component.wasm";
const SPIN_APP = "/spin-app";

/** Where what was prepared of components is, by their SHA-256. */
const PREPARED = "/prepared";

/** Where runc puts what the executor closes when it is ready. */
const READY_FD = 3;

/** Behind the program's path: the folder of the loader and the libraries that it brings along. */
const LIBRARIES = ".lib";

/** The executor is the shim's own file, with the libraries that lie beside it. */
export function executorFiles(program: string): ExecutorFiles {
  const libraries = program + LIBRARIES;
  return {
    files: [
      { source: program, destination: PROGRAM, kind: "file" },
      ...(existsSync(libraries)
        ? [{ source: libraries, destination: PROGRAM + LIBRARIES, kind: "folder" as const }]
        : []),
    ],
    command: [PROGRAM, "executor"],
    env: [`${READY_VARIABLE}=${READY_FD}`],
  };
}

/** The same with what is none of the image's files. */
export function withWasm(executor: ExecutorFiles, wasm: WasmOfImage): ExecutorFiles {
  return wasm.kind === "component"
    ? withFiles(executor, COMPONENT_VARIABLE, [{ source: wasm.file, destination: COMPONENT, kind: "file" }])
    : withFiles(executor, SPIN_APP_VARIABLE, [{ source: wasm.folder, destination: SPIN_APP, kind: "folder" }]);
}

/** The same with what was prepared of its components. */
export function withPrepared(executor: ExecutorFiles, prepared: readonly PreparedFile[]): ExecutorFiles {
  if (prepared.length === 0) return executor;
  const files = prepared.map(({ digest, file }): MountedFile => {
    const hex = digest.slice(digest.indexOf(":") + 1);
    return { source: file, destination: `${PREPARED}/${hex}`, kind: "file" };
  });
  return withFiles(executor, PREPARED_VARIABLE, files);
}

function withFiles(executor: ExecutorFiles, variable: string, files: readonly MountedFile[]): ExecutorFiles {
  const places = files.map(({ destination }) => destination).join(":");
  return { ...executor, files: [...executor.files, ...files], env: [...executor.env, `${variable}=${places}`] };
}
