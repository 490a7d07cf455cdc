type Messages = Readonly<Record<string, Readonly<Record<string, string>>>>;
type Services = Readonly<Record<string, Readonly<Record<string, readonly [request: string, reply: string]>>>>;

/**
 * What protobuf.js takes for one package.
 *
 * @param messages fields as `"<number> [repeated] <type>"`; the type `map` is one of strings.
 * @param services per service and method the request and the reply; `stream <Reply>` for many of them.
 */
export function descriptorFrom(packageName: string, messages: Messages, services: Services): object {
  const types = Object.entries(messages).map(([name, fields]) => [name, { fields: fieldsFrom(fields) }] as const);
  const rpcs = Object.entries(services).map(([name, methods]) => [name, { methods: methodsFrom(methods) }] as const);
  const content: object = { nested: Object.fromEntries<object>([...types, ...rpcs]) };
  return packageName.split(".").reduceRight<object>((nested, part) => ({ nested: { [part]: nested } }), content);
}

function fieldsFrom(fields: Readonly<Record<string, string>>): Readonly<Record<string, object>> {
  return Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, fieldFrom(text)]));
}

function fieldFrom(text: string): object {
  const [id, ...words] = text.split(" ");
  const type = words.at(-1) ?? "";
  if (type === "map") return { id: Number(id), type: "string", keyType: "string" };
  return { id: Number(id), type, ...(words.length === 2 ? { rule: "repeated" } : {}) };
}

function methodsFrom(methods: Services[string]): Readonly<Record<string, object>> {
  const entries = Object.entries(methods).map(([name, [requestType, reply]]) => {
    const responseType = reply.replace("stream ", "");
    return [name, { requestType, responseType, responseStream: responseType !== reply }] as const;
  });
  return Object.fromEntries(entries);
}
