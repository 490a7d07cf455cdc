const FIELD = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;

/**
 * The fields of one record of comma-separated values (RFC 4180, section 2): a field with a comma in it has double quotes
 * around it, in which a double quote is doubled. Undefined when the quotes are not so.
 */
export function csvFields(text: string): readonly string[] | undefined {
  const fields: string[] = [];
  for (let at = 0, end = ","; end === ",";) {
    FIELD.lastIndex = at;
    const found = FIELD.exec(text);
    if (found === null) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? "");
    at += found[0].length;
    end = found[3] ?? "";
  }
  return fields;
}
