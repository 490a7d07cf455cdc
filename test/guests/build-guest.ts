import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { componentizeJs, jco } from "./component-tools.ts";
import { compose } from "./compose.ts";
import { cacheFolder, digestOfFolder } from "./guest-cache.ts";
import { runTool } from "./run-tool.ts";
import { ensureRustTarget } from "./rust-target.ts";
import { witFolder } from "./wit-folder.ts";

const GUESTS = import.meta.dirname;

interface Recipe {
  /** The folders of this one that go into the guest. */
  readonly sources: readonly string[];
  readonly build: (folder: string) => Promise<Uint8Array>;
}

/** Guests for tests. Each needs the tools of its language: cargo and rustup, or clang and lld. */
const RECIPES = {
  /** HTTP, in C without a library: 10 KB. */
  "c-http": { sources: ["c-http"], build: buildC },
  /** A command in C with wasi-libc, by the adapter for WASI's first version. */
  "c-cli": { sources: ["c-cli"], build: buildCommand },
  /** All kinds of WIT values, in Rust. */
  "rust-values": { sources: ["rust-values"], build: async () => buildRust("rust-values") },
  /** Takes the host's place for rust-values. */
  "rust-provider": { sources: ["rust-provider", "rust-values/wit"], build: async () => buildRust("rust-provider") },
  /** The two in one component. */
  "composed-values": { sources: ["rust-provider", "rust-values"], build: buildComposed },
  /** HTTP, in Rust with its standard library. */
  "rust-http": { sources: ["rust-http"], build: buildRustHttp },
  /** HTTP, in JavaScript: 13 MB. */
  "js-http": { sources: ["js-http"], build: buildJs },
} as const satisfies Readonly<Record<string, Recipe>>;

export type GuestName = keyof typeof RECIPES;

/** Builds a guest unless it was built from the same source before. @returns the path of the component. */
export async function buildGuest(name: GuestName): Promise<string> {
  const folder = cacheFolder(name);
  const { sources, build }: Recipe = RECIPES[name];
  const digests = sources.map((source) => digestOfFolder(join(GUESTS, source)));
  const path = join(folder, `${digests.join("-")}.wasm`);
  if (existsSync(path)) return path;
  const component = await build(folder);
  writeFileSync(`${path}.${process.pid}`, component);
  renameSync(`${path}.${process.pid}`, path);
  return path;
}

async function buildRust(name: string): Promise<Uint8Array> {
  const core = await cargoBuild(name, "wasm32-unknown-unknown"); // Its standard library imports nothing.
  return (await jco()).componentNew(core);
}

async function buildRustHttp(): Promise<Uint8Array> {
  return cargoBuild("rust-http", "wasm32-wasip2");
}

/** All guests share the folder of what cargo builds, and so the crates that they depend on. */
async function cargoBuild(name: string, target: string): Promise<Uint8Array> {
  await ensureRustTarget(target);
  const built = cacheFolder("cargo");
  const args = ["build", "--release", "--locked", "--target", target, "--target-dir", built];
  await runTool("cargo", args, join(GUESTS, name));
  return readFileSync(join(built, target, "release", `${name.replaceAll("-", "_")}.wasm`));
}

async function buildC(folder: string): Promise<Uint8Array> {
  const core = join(folder, "http.core.wasm");
  const flags = ["--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=16384"];
  await runTool("clang", [...flags, "-o", core, join(GUESTS, "c-http", "http.c")], folder);
  const wit = await witFolder(
    folder,
    "package rcm:guest; world guest { import wasi:http/types@0.2.12; export wasi:http/incoming-handler@0.2.12; }",
  );
  const tools = await jco();
  return tools.componentNew(await tools.componentEmbed({ binary: readFileSync(core), witPath: wit }));
}

/** Needs Debian's wasi-libc and libclang-rt-dev-wasm32 too. */
async function buildCommand(folder: string): Promise<Uint8Array> {
  const core = join(folder, "cli.core.wasm");
  const flags = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2"];
  await runTool("clang", [...flags, "-o", core, join(GUESTS, "c-cli", "cli.c")], folder);
  const tools = await jco();
  const adapter = readFileSync(fileURLToPath(tools.preview1AdapterCommandPath()));
  return tools.componentNew(readFileSync(core), [["wasi_snapshot_preview1", adapter]]);
}

async function buildJs(folder: string): Promise<Uint8Array> {
  const witPath = await witFolder(folder, "package rcm:guest; world guest { include wasi:http/proxy@0.2.12; }");
  const sourcePath = join(folder, "app.js");
  cpSync(join(GUESTS, "js-http", "app.js.txt"), sourcePath); // Not for our compiler and linter.
  const tools = await componentizeJs();
  return (await tools.componentize({ sourcePath, witPath, worldName: "guest" })).component;
}

async function buildComposed(): Promise<Uint8Array> {
  const [provider, consumer] = [await buildGuest("rust-provider"), await buildGuest("rust-values")];
  return compose(readFileSync(provider), readFileSync(consumer), "rcm:values/host");
}
