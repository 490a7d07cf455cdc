import { cpSync, existsSync, mkdtempSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildGuest, type GuestName } from "./build-guest.ts";
import { cacheFolder, digestOfFolder, putInPlace } from "./guest-cache.ts";

/** Applications for tests: their folders in `test/guests`, and what the components in their spin.toml are. */
const APPS = {
  /** Hello in C, and a static response. */
  "c-spin": { "app.wasm": "c-http" },
  /** Hello at the paths of SpinKube's own `spin-rust-hello`; at the others, what puts a pod to the test. */
  hello: { "hello.wasm": "c-http", "app.wasm": "rust-app" },
  /** Two components, of which one may be left out. */
  salutations: { "app.wasm": "c-http" },
  "rust-app": { "app.wasm": "rust-app" },
  /** Takes messages of Redis: its server is a variable. */
  "rust-redis": { "app.wasm": "rust-redis" },
  "rust-spin-hello": { "app.wasm": "rust-spin-hello" },
  /** What the manifests of `test/e2e/talk` set is used. */
  talk: { "app.wasm": "rust-spin" },
  "rust-spin": { "app.wasm": "rust-spin", "chained.wasm": "c-http" },
  "js-spin": { "app.wasm": "js-spin", "chained.wasm": "c-http" },
} as const satisfies Readonly<Record<string, Readonly<Record<string, GuestName>>>>;

export type SpinAppName = keyof typeof APPS;

const SHIPPED = ["spin.toml", "assets"];

/** Builds an application as `spin build` would. @returns its folder, with spin.toml, components and assets; not to be changed. */
export async function buildSpinApp(name: SpinAppName): Promise<string> {
  const components = await Promise.all(
    Object.entries<GuestName>(APPS[name]).map(async ([file, guest]) => ({ file, built: await buildGuest(guest) })),
  );
  const source = join(import.meta.dirname, name);
  const key = [digestOfFolder(source), ...components.map(({ built }) => basename(built, ".wasm"))].join("-");
  const folder = join(cacheFolder("spin-apps"), `${name}-${key}`);
  if (existsSync(folder)) return folder;
  const half = mkdtempSync(join(dirname(folder), "half-"));
  for (const file of SHIPPED.filter((each) => existsSync(join(source, each)))) {
    cpSync(join(source, file), join(half, file), { recursive: true });
  }
  for (const { file, built } of components) cpSync(built, join(half, file));
  putInPlace(half, folder);
  return folder;
}
