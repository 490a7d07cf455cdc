import { cpSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { buildJsSpin } from "./build-js-spin.ts";
import { componentizeJs, jco } from "./component-tools.ts";
import { compose } from "./compose.ts";
import { withRoom } from "./go-memory.ts";
import { cacheFolder, digestOfFolder } from "./guest-cache.ts";
import { preview1Command } from "./preview1-command.ts";
import { runTool } from "./run-tool.ts";
import { ensureRustTarget } from "./rust-target.ts";
import { spinWitFolder } from "./spin-wit.ts";
import { witFolder } from "./wit-folder.ts";

const GUESTS = import.meta.dirname;
/** A handler with no more than it needs. */
const HANDLER_WORLD =
  "package rcm:guest; world guest { import wasi:http/types@0.2.12; export wasi:http/incoming-handler@0.2.12; }";

interface Recipe {
  /** The folders of this one that go into the guest. */
  readonly sources: readonly string[];
  readonly build: (folder: string) => Promise<Uint8Array>;
}

/** Guests for tests. Each needs the tools of its language: cargo and rustup, or clang and lld. */
const RECIPES = {
  /** HTTP, in C without a library: 10 KB. */
  "c-http": { sources: ["c-http"], build: buildC },
  /** A handler of Spin 1, in C without a library. */
  "c-inbound": { sources: ["c-inbound"], build: buildInbound },
  /** A CGI program, in Rust with its standard library. */
  "rust-wagi": { sources: ["rust-wagi"], build: async () => cargoBuild("rust-wagi", "wasm32-wasip2") },
  /** A command in C with wasi-libc, by the adapter for WASI's first version. */
  "c-cli": { sources: ["c-cli"], build: buildCommand },
  /** The same as a core module of WASI's first version. */
  "c-cli-core": { sources: ["c-cli"], build: buildCommandCore },
  /** All kinds of WIT values, in Rust. */
  "rust-values": { sources: ["rust-values"], build: async () => buildRust("rust-values") },
  /** Takes the host's place for rust-values. */
  "rust-provider": { sources: ["rust-provider", "rust-values/wit"], build: async () => buildRust("rust-provider") },
  /** The two in one component. */
  "composed-values": { sources: ["rust-provider", "rust-values"], build: buildComposed },
  /** All that Spin's host offers, in Rust. */
  "spin-calls": { sources: ["spin-calls"], build: buildSpinCalls },
  /** Messages of Redis, in Rust with Spin's SDK. */
  "rust-redis": { sources: ["rust-redis"], build: async () => cargoBuild("rust-redis", "wasm32-wasip2") },
  /** HTTP, in Rust with its standard library. */
  "rust-http": { sources: ["rust-http"], build: async () => cargoBuild("rust-http", "wasm32-wasip2") },
  /** HTTP, in Rust: what it does with its pod is for the request to say. */
  "rust-app": { sources: ["rust-app"], build: async () => cargoBuild("rust-app", "wasm32-wasip2") },
  /** HTTP, in Go with its runtime. */
  "go-http": { sources: ["go-http"], build: buildGo },
  /** HTTP, in Rust with Spin's SDK: hello, and nothing else. */
  "rust-spin-hello": {
    sources: ["rust-spin-hello"],
    build: async () => cargoBuild("rust-spin-hello", "wasm32-wasip2"),
  },
  /** All that Spin gives to a component, in Rust with its SDK. */
  "rust-spin": { sources: ["rust-spin"], build: async () => cargoBuild("rust-spin", "wasm32-wasip2") },
  /** The same in JavaScript with Spin's build tools: 13 MB. */
  "js-spin": { sources: ["js-spin"], build: buildJsSpin },
  /** The same as a core module of WASI's first version, made by wit-bindgen. */
  "rust-http-core": { sources: ["rust-http"], build: async () => cargoBuild("rust-http", "wasm32-wasip1") },
  /** HTTP, in JavaScript: 13 MB. */
  "js-http": { sources: ["js-http"], build: buildJs },
} as const satisfies Readonly<Record<string, Recipe>>;

/** The part of Spin 1's interfaces by which it hands a request over. */
const INBOUND_WORLD = `package fermyon:spin;
interface http-types {
  enum method { get, post, put, delete, patch, head, options }
  record request {
    method: method,
    uri: string,
    headers: list<tuple<string, string>>,
    params: list<tuple<string, string>>,
    body: option<list<u8>>,
  }
  record response { status: u16, headers: option<list<tuple<string, string>>>, body: option<list<u8>> }
}
interface inbound-http {
  use http-types.{request, response};
  handle-request: func(req: request) -> response;
}
world guest { export inbound-http; }`;

export type GuestName = keyof typeof RECIPES;

export const GUEST_NAMES = Object.keys(RECIPES) as readonly GuestName[];

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

/** Built beside the interfaces, which are Spin's own. */
async function buildSpinCalls(folder: string): Promise<Uint8Array> {
  const source = join(folder, "source");
  cpSync(join(GUESTS, "spin-calls"), source, { recursive: true });
  await spinWitFolder(source, readFileSync(join(GUESTS, "spin-calls", "world.wit"), "utf8"));
  const core = await cargoBuild("spin-calls", "wasm32-unknown-unknown", source);
  return (await jco()).componentNew(core);
}

/** All guests share the folder of what cargo builds, and so the crates that they depend on. */
async function cargoBuild(name: string, target: string, source: string = join(GUESTS, name)): Promise<Uint8Array> {
  await ensureRustTarget(target);
  const built = cacheFolder("cargo");
  const args = ["build", "--release", "--locked", "--target", target, "--target-dir", built];
  await runTool("cargo", args, source);
  return readFileSync(join(built, target, "release", `${name.replaceAll("-", "_")}.wasm`));
}

async function buildC(folder: string): Promise<Uint8Array> {
  return buildBareC(folder, join("c-http", "http.c"), HANDLER_WORLD);
}

async function buildInbound(folder: string): Promise<Uint8Array> {
  return buildBareC(folder, join("c-inbound", "inbound.c"), INBOUND_WORLD);
}

async function buildBareC(folder: string, source: string, world: string): Promise<Uint8Array> {
  const core = join(folder, "http.core.wasm");
  const flags = ["--target=wasm32", "-O2", "-nostdlib", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,-z,stack-size=16384"];
  await runTool("clang", [...flags, "-o", core, join(GUESTS, source)], folder);
  const wit = await witFolder(folder, world);
  const tools = await jco();
  return tools.componentNew(await tools.componentEmbed({ binary: readFileSync(core), witPath: wit }));
}

/** Needs Debian's wasi-libc and libclang-rt-dev-wasm32 too. */
async function buildCommandCore(folder: string): Promise<Uint8Array> {
  const core = join(folder, "cli.core.wasm");
  const flags = ["--target=wasm32-wasi", "--sysroot=/usr", "-O2"];
  await runTool("clang", [...flags, "-o", core, join(GUESTS, "c-cli", "cli.c")], folder);
  return readFileSync(core);
}

async function buildCommand(): Promise<Uint8Array> {
  return preview1Command(readFileSync(await buildGuest("c-cli-core")));
}

/** Go has no target for components: its runtime goes through the adapter for WASI's first version. */
async function buildGo(folder: string): Promise<Uint8Array> {
  const core = join(folder, "http.core.wasm");
  const build = ["go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s -w", "-o", core, "."];
  await runTool("env", ["GOOS=wasip1", "GOARCH=wasm", "GOWORK=off", ...build], join(GUESTS, "go-http"));
  const wit = await witFolder(folder, HANDLER_WORLD);
  const tools = await jco();
  const adapter = readFileSync(fileURLToPath(tools.preview1AdapterReactorPath()));
  const embedded = await tools.componentEmbed({ binary: withRoom(readFileSync(core)), witPath: wit });
  return tools.componentNew(embedded, [["wasi_snapshot_preview1", adapter]]);
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
