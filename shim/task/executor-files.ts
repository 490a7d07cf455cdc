import { existsSync } from "node:fs";
import { COMPONENT_VARIABLE, type ExecutorLayout } from "../spec/executor-layout.ts";

/** What the executor's container has of the node, and how it starts. */
export interface ExecutorFiles extends Pick<ExecutorLayout, "command" | "env"> {
  readonly files: readonly {
    readonly source: string;
    readonly destination: string;
    readonly kind: "file" | "folder";
  }[];
}

/** Name of the program in the executor's root. */
const PROGRAM = "/containerd-shim-spin-v2";

/** The component of an image that has no files. */
const COMPONENT = "/component.wasm";

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
    env: [],
  };
}

/** The same with a component that is none of the image's files. */
export function withComponent(executor: ExecutorFiles, component: string): ExecutorFiles {
  return {
    ...executor,
    files: [...executor.files, { source: component, destination: COMPONENT, kind: "file" }],
    env: [...executor.env, `${COMPONENT_VARIABLE}=${COMPONENT}`],
  };
}
