/** The part of a CRD's schema that describes fields. */
export interface Schema {
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly additionalProperties?: Schema;
}

/** Path and description of every field, those of the items of lists and maps included. */
export function fieldsOf(schema: Schema, path: string): readonly (readonly [path: string, text: string])[] {
  const below = Object.entries(schema.properties ?? {}).flatMap(([name, child]) => fieldsOf(child, `${path}.${name}`));
  const inner = [schema.items, schema.additionalProperties].flatMap((child) =>
    child === undefined ? [] : fieldsOf(child, `${path}[]`),
  );
  return [[path, schema.description ?? ""], ...below, ...inner];
}
