import { quote, quoteAll } from "../document/quote.ts";
import { SpinError } from "../errors.ts";
import { CHAINING_SUFFIX, chainedComponent } from "../outbound/service-chaining.ts";
import type { LockedApp, LockedComponent } from "./locked-app.ts";

/** The host of an allowed entry without templates: `http://back.spin.internal:80/`. */
const HOST = /^[^:{]+:\/\/([^:/{]+)/;

/**
 * The application with these components only, and the triggers that lead to them: `SPIN_COMPONENTS_TO_RETAIN`. A
 * trigger without a component, such as a static response, is left out.
 *
 * @throws {SpinError} `INVALID` if one of the ids is no component's, if none is left, or if one that stays sends
 * requests to one that goes.
 */
export function retainComponents(app: LockedApp, ids: readonly string[]): LockedApp {
  const known = app.components.map(({ id }) => id);
  const unknown = ids.find((id) => !known.includes(id));
  if (unknown !== undefined) {
    throw invalid(`${quote(unknown)} is not found in the application: name some of ${quoteAll(known)}`);
  }
  if (ids.length === 0) throw invalid(`none is named: name some of ${quoteAll(known)}`);
  const kept = new Set(ids);
  const components = app.components.filter(({ id }) => kept.has(id));
  const gone = known.filter((id) => !kept.has(id));
  for (const component of components) refuseChaining(component, gone);
  const triggers = app.triggers.filter(({ config: { component } }) => {
    return typeof component === "string" && kept.has(component);
  });
  return { ...app, components, triggers };
}

function refuseChaining({ id, allowedOutboundHosts }: LockedComponent, gone: readonly string[]): void {
  for (const entry of allowedOutboundHosts) {
    const host = HOST.exec(entry.trim())?.[1]?.toLowerCase() ?? "";
    const target = host === `*${CHAINING_SUFFIX}` ? gone[0] : chainedComponent(host);
    if (target === undefined || !gone.includes(target)) continue;
    const is = `component ${quote(id)} sends requests to component ${quote(target)} (${entry}), which is not retained`;
    throw invalid(`${is}: retain it as well`);
  }
}

function invalid(problem: string): SpinError {
  return new SpinError("INVALID", `Cannot retain these components (SPIN_COMPONENTS_TO_RETAIN): ${problem}`);
}
