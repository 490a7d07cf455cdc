import { parseComponent } from "@rcm/shim/executor/component/binary/parse-component";
import { ByteWriter } from "@rcm/shim/executor/component/core/byte-writer";

const PREAMBLE = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];
const SORTS = { func: 1, type: 3, instance: 5 } as const;
const PROVIDER = 0;
const CONSUMER = 1;

interface Named {
  readonly name: string;
  readonly sort: keyof typeof SORTS;
}

/**
 * Puts two components into one: what `provider` exports as `interfaceName` is what `consumer` imports by that name, and so
 * are the types of that interface which it imports by themselves. The functions and instances that `consumer` exports are
 * those of the whole.
 */
export function compose(provider: Uint8Array, consumer: Uint8Array, interfaceName: string): Uint8Array {
  const { definitions } = parseComponent(consumer).root;
  const types = definitions.flatMap((item): Named[] =>
    item.kind === "import" && item.extern.sort === "type" ? [{ name: item.name, sort: "type" }] : [],
  );
  const exports = definitions.flatMap((item): Named[] =>
    item.kind === "export" && (item.sort === "func" || item.sort === "instance")
      ? [{ name: item.name, sort: item.sort }]
      : [],
  );
  const writer = new ByteWriter().u8(...PREAMBLE);
  writer.section(4, new ByteWriter().bytes(provider)).section(4, new ByteWriter().bytes(consumer));
  // Instance 0: the provider. Instance 1: its interface. Instance 2: the consumer.
  writer.section(5, new ByteWriter().u32(1).u8(0).u32(PROVIDER).u32(0));
  writer.section(6, aliases([{ name: interfaceName, sort: "instance" }], 0)).section(6, aliases(types, 1));
  const args = new ByteWriter()
    .u32(1)
    .u8(0)
    .u32(CONSUMER)
    .u32(1 + types.length);
  args.name(interfaceName).u8(SORTS.instance).u32(1);
  for (const [index, { name }] of types.entries()) args.name(name).u8(SORTS.type).u32(index);
  writer.section(5, args).section(6, aliases(exports, 2));
  const counts = { func: 0, instance: 3, type: types.length };
  const body = new ByteWriter().u32(exports.length);
  for (const { name, sort } of exports) {
    body.u8(0).name(name).u8(SORTS[sort]).u32(counts[sort]).u8(0);
    counts[sort] += 1;
  }
  return writer.section(11, body).finish();
}

function aliases(items: readonly Named[], instance: number): ByteWriter {
  const body = new ByteWriter().u32(items.length);
  for (const { name, sort } of items) body.u8(SORTS[sort]).u8(0).u32(instance).name(name);
  return body;
}
