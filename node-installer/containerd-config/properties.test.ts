import { expect } from "chai";
import * as fc from "fast-check";
import { describe, it } from "mocha";
import { editMain, removeFromMain } from "./edit-main.ts";
import { addImport, importPatterns, removeImport } from "./imports.ts";
import type { PluginId } from "./plugin-id.ts";
import { CRI_LEGACY, CRI_RUNTIME, CRI_SHORT } from "./plugin-id.ts";
import type { Handler } from "./runtime-table.ts";
import { sameValue } from "./same-value.ts";
import { scanToml } from "./toml-scan.ts";
import type { TomlTable } from "./toml-tree.ts";
import { isTable, parseToml, valueAt, without, withoutEmptyTables } from "./toml-tree.ts";

const PATH = "/etc/containerd/config.toml";

/** Some 2 s a property on a slow machine. */
const RUNS = 100;

/** A key in one of TOML's spellings, without whitespace around it. */
function spelled(key: string): fc.Arbitrary<string> {
  const quoted = [JSON.stringify(key), `'${key}'`];
  return fc.constantFrom(...(/^[\w-]+$/.test(key) ? [key, ...quoted] : quoted));
}

function spelledPath(path: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(fc.tuple(...path.map(spelled)), fc.constantFrom(".", " . ")).map(([parts, dot]) => parts.join(dot));
}

const NOISE = fc.constantFrom("", "# spin", "  # [plugins]", "\t", "# BEGIN something else", '# "unbalanced [');
const VALUE = fc.constantFrom(
  "1",
  "-9223372036854775808",
  "1.5e3",
  "true",
  '"a # b"',
  "'c\\'",
  '""',
  '"\\"]"',
  "1979-05-27 07:32:00Z",
  "[]",
  "[1, 2,]",
  "[ \"]\", # [\n  '}' ]",
  "{ x = 1, y = [ { z = '}' } ] }",
  '"""\n# BEGIN runtime-class-manager spin\n[plugins]\n"""',
  "'''\nx = 1\n# END runtime-class-manager spin'''",
  '"""a\\"""b"""',
);
const LAYOUT = fc.record({ indent: fc.constantFrom("", "  ", "\t"), tail: fc.constantFrom("", " ", " # c", " # [x]") });

function line(statement: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc.tuple(statement, LAYOUT).map(([text, { indent, tail }]) => `${indent}${text}${tail}`);
}

function keyValue(path: readonly string[]): fc.Arbitrary<string> {
  return line(fc.tuple(spelledPath(path), fc.constantFrom("=", " = "), VALUE).map((parts) => parts.join("")));
}

function table(path: readonly string[], keys: readonly string[]): fc.Arbitrary<readonly string[]> {
  return fc
    .tuple(line(spelledPath(path).map((text) => `[${text}]`)), fc.tuple(...keys.map((key) => keyValue([key]))))
    .map(([head, values]) => [head].concat(values));
}

/** The pieces of a configuration; each may be missing, their order is free after the root's keys. */
function pieces(id: string): fc.Arbitrary<readonly (readonly string[])[]> {
  const tables = [
    table(["grpc"], ["address", "uid"]),
    table(["plugins", id], ["sandbox_image"]),
    table(["plugins", id, "cni"], ["bin_dir"]),
    table(["plugins", id, "containerd", "runtimes", "runc"], ["runtime_type", "options"]),
    table(["plugins", id, "containerd", "runtimes", "spin-v2"], []),
    table(["plugins", "other.v1"], ["a.b", "c"]),
    fc.constant(["[[stream]]", "a = 1", "[[stream]]", "a = 2"]),
    NOISE.map((text) => [text]),
  ];
  return fc
    .tuple(...tables.map((one) => fc.option(one, { nil: [] })))
    .chain((some) => fc.shuffledSubarray(some, { minLength: some.length }));
}

const ID: fc.Arbitrary<PluginId> = fc.constantFrom(CRI_SHORT, CRI_LEGACY, CRI_RUNTIME);

const DOCUMENT = ID.chain((pluginId) =>
  fc
    .record({
      mark: fc.constantFrom("", "\uFEFF"),
      root: fc
        .subarray([["version"], ["oom_score"], ["debug", "level"], ["a b"]])
        .chain((paths) => fc.tuple(...paths.map(keyValue))),
      noise: fc.array(NOISE, { maxLength: 3 }),
      tables: pieces(pluginId),
      lineBreak: fc.constantFrom("\n", "\r\n"),
      end: fc.constantFrom("", "\n", "\n\n", "\n# end"),
    })
    .map(({ mark, root, noise, tables, lineBreak, end }) => {
      const text = [...noise, ...root, ...tables.flat()].join("\n") + end;
      return { pluginId, text: mark + text.replaceAll("\n", lineBreak) };
    }),
).filter(({ text }) => isToml(text));

const HANDLER: fc.Arbitrary<Handler> = fc.record({
  name: fc.constantFrom("spin", "wws", "spin.v1", "A_b-c"),
  runtimeType: fc.constantFrom("/opt/rcm/bin/shim", '/opt/a "b"/c'),
  options: fc.dictionary(
    fc.stringMatching(/^[A-Za-z0-9_-]{1,8}$/),
    fc.oneof(
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.string({ unit: "grapheme" }).filter((text) => !/\p{Cc}|\p{Cs}/u.test(text)),
    ),
    { maxKeys: 4 },
  ),
});

const DUMP = `version = 2
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = ""
`;

function isToml(text: string): boolean {
  try {
    parseToml(text, PATH);
    return true;
  } catch {
    return false;
  }
}

function edit(text: string, pluginId: PluginId, handler: Handler, effectiveDump: string | undefined): string {
  return editMain({ file: { path: PATH, text }, pluginId, handler, effectiveDump }).text;
}

function remove(text: string, handler: Handler): string {
  return removeFromMain({ path: PATH, text }, handler.name).text;
}

/** Every path that holds something, lists of tables left out. */
function leaves(tree: TomlTable, path: readonly string[] = []): readonly string[] {
  return Object.entries(tree).flatMap(([key, value]) =>
    isTable(value) ? leaves(value, [...path, key]) : [JSON.stringify([...path, key])],
  );
}

describe("any configuration", () => {
  it("is scanned into statements whose paths are those of its values, and which cover all of it", () => {
    fc.assert(
      fc.property(DOCUMENT, ({ text }) => {
        const tree = parseToml(text, PATH);
        const statements = scanToml(text);
        const paths = statements.map(({ path }) => JSON.stringify(path).slice(0, -1));
        for (const leaf of leaves(tree)) expect(paths.some((path) => leaf.startsWith(path))).to.equal(true);
        const gaps = statements.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text);
        expect(parseToml(gaps, PATH)).to.deep.equal(parseToml("", PATH));
      }),
      { numRuns: RUNS },
    );
  });

  it("keeps all else when a handler is added, twice the same, and is itself again when it is removed", () => {
    fc.assert(
      fc.property(DOCUMENT, HANDLER, fc.constantFrom(DUMP, undefined), ({ text, pluginId }, handler, dump) => {
        const added = edit(text, pluginId, handler, dump);
        const before = parseToml(text, PATH);
        const after = parseToml(added, PATH);
        const runtimes = ["plugins", pluginId, "containerd", "runtimes"];
        expect(sameValue(valueAt(after, [...runtimes, handler.name, "runtime_type"]), handler.runtimeType)).to.equal(
          true,
        );
        expect(sameValue(valueAt(after, [...runtimes, handler.name, "options"]) ?? {}, handler.options)).to.equal(true);
        const implied = valueAt(before, runtimes) === undefined ? [[...runtimes, "runc"]] : [];
        const rest = [[...runtimes, handler.name], ...implied].reduce(without, after);
        expect(sameValue(withoutEmptyTables(rest), withoutEmptyTables(before))).to.equal(true);
        expect(edit(added, pluginId, handler, dump)).to.equal(added);
        expect(remove(added, handler)).to.equal(text);
      }),
      { numRuns: RUNS },
    );
  });

  it("is itself again after several handlers came, changed and went in any order", () => {
    const handlers = fc.uniqueArray(HANDLER, { selector: ({ name }) => name, minLength: 2 });
    const order = handlers.chain((list) =>
      fc.tuple(fc.constant(list), fc.shuffledSubarray([...list], { minLength: list.length })),
    );
    fc.assert(
      fc.property(DOCUMENT, order, HANDLER, ({ text, pluginId }, [coming, going], changed) => {
        const full = [...coming, ...coming.filter(({ name }) => name === changed.name).map(() => changed)].reduce(
          (current, handler) => edit(current, pluginId, handler, DUMP),
          text,
        );
        expect(going.reduce(remove, full)).to.equal(text);
      }),
      { numRuns: RUNS },
    );
  });

  it("is itself again after an import came and went", () => {
    const pattern = "/etc/containerd/conf.d/50-rcm-*.toml";
    fc.assert(
      fc.property(DOCUMENT, ({ text }) => {
        const added = addImport({ path: PATH, text }, pattern);
        expect(importPatterns({ path: PATH, text: added })).to.deep.equal([pattern]);
        expect(sameValue(without(parseToml(added, PATH), ["imports"]), parseToml(text, PATH))).to.equal(true);
        expect(removeImport({ path: PATH, text: added }, pattern)).to.equal(text);
      }),
      { numRuns: RUNS },
    );
  });
}).timeout(30_000);
