import type { DBusConnection, MethodCall } from "./dbus-connection.ts";
import { Variant, type DBusValue } from "./dbus-value.ts";
import { SystemdError } from "./systemd-error.ts";

const MANAGER = { path: "/org/freedesktop/systemd1", interface: "org.freedesktop.systemd1.Manager" };

/** Calls a method of systemd's manager; see `DBusConnection.call` for errors. */
export async function callManager(
  bus: DBusConnection,
  call: Omit<MethodCall, "path" | "interface">,
  signal: AbortSignal,
): Promise<readonly DBusValue[]> {
  return bus.call({ ...MANAGER, ...call }, signal);
}

/** The same for a method that answers with one object path, that of a unit or a job. */
export async function pathFromManager(
  bus: DBusConnection,
  call: Omit<MethodCall, "path" | "interface">,
  signal: AbortSignal,
): Promise<string> {
  const [path] = await callManager(bus, call, signal);
  if (typeof path === "string") return path;
  throw new SystemdError("PROTOCOL", `Cannot call systemd's "${call.member}": its answer is no object path`);
}

/** The properties `names` of an object, in that order. */
export async function readProperties(
  bus: DBusConnection,
  {
    path,
    interface: of,
    names,
  }: { readonly path: string; readonly interface: string; readonly names: readonly string[] },
  signal: AbortSignal,
): Promise<readonly DBusValue[]> {
  const get = { path, interface: "org.freedesktop.DBus.Properties", member: "Get", signature: "ss" };
  return Promise.all(
    names.map(async (name) => {
      const [variant] = await bus.call({ ...get, args: [of, name] }, signal);
      if (variant instanceof Variant) return variant.value;
      throw new SystemdError("PROTOCOL", `Cannot read property "${name}": its answer is no variant`);
    }),
  );
}
