import { isVariableName } from "../document/identifiers.ts";
import { quote } from "../document/quote.ts";
import type { Table } from "../document/table.ts";
import type { AppVariable } from "./locked-app.ts";

/** The variables of a manifest, whatever its version. @throws {SpinError} `INVALID` */
export function readVariables(root: Table): ReadonlyMap<string, AppVariable> {
  return new Map(
    root.namedTables("variables").map(([name, table]) => {
      if (isVariableName(name)) return [name, readVariable(table)];
      throw table.error(undefined, `${quote(name)} is no name of a variable`, "write it as my_name");
    }),
  );
}

function readVariable(table: Table): AppVariable {
  const isRequired = table.optionalFlag("required") ?? false;
  const variable = {
    default: table.optionalText("default"),
    isSecret: table.optionalFlag("secret") ?? false,
    description: table.nonEmptyText("description"),
  };
  table.refuseOthers();
  if (isRequired !== (variable.default !== undefined)) return variable;
  const is = isRequired ? "it is required, and has a default" : "it is not required, and has no default";
  throw table.error(undefined, is, "write required = true, or a default");
}
