"""Runs components in wasmtime. Reads from standard input what to do, writes what came of it, both as JSON. The first
argument is the folder with the package.

Input: [{"component": PATH, "calls": [[NAME, [ARGUMENT, ...]], ...]}, ...], one instance each.
Output: [[{"value": RESULT} or {"error": MESSAGE}, ...], ...]; one error alone if there was no instance.

Values are as the executor has them, but for what JSON lacks: integers of 64 bits, and numbers that are not finite or are
negative zero, are strings; what is absent or false in a record or in flags is left out.
"""

import json
import math
import sys

sys.path.insert(0, sys.argv[1])  # Where the package is.

from wasmtime import Config, Engine, Store
from wasmtime import component as wit
from wasmtime.component._types import VariantLikeType

# Else a payload stands for its case where Python's classes tell the cases apart.
VariantLikeType._tagged = lambda self: True


def camel_case(name):
    first, *others = name.lower().split("-")
    return first + "".join(word.capitalize() for word in others)


def cases_of(type_):
    return dict(type_._cases())


def to_python(type_, value):
    if isinstance(type_, (wit.F32, wit.F64)):
        return float(value)
    if isinstance(type_, (wit.S64, wit.U64)):
        return int(value)
    if isinstance(type_, wit.ListType):
        items = [to_python(type_.element, item) for item in value]
        return bytes(items) if isinstance(type_.element, wit.U8) else items
    if isinstance(type_, wit.TupleType):
        return tuple(to_python(part, item) for part, item in zip(type_.elements, value))
    if isinstance(type_, wit.RecordType):
        record = wit.Record()
        for name, part in type_.fields:
            missing = False if isinstance(part, wit.Bool) else None
            setattr(record, name, to_python(part, value.get(camel_case(name), missing)))
        return record
    if isinstance(type_, wit.FlagsType):
        return {name for name in type_.names if value.get(camel_case(name))}
    if isinstance(type_, wit.OptionType) and not isinstance(type_.payload, wit.OptionType):
        return wit.Variant("none") if value is None else wit.Variant("some", to_python(type_.payload, value))
    if isinstance(type_, VariantLikeType):
        payload = cases_of(type_)[value["tag"]]
        return wit.Variant(value["tag"], payload and to_python(payload, value.get("val")))
    return value


def float_to_json(value):
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return "-0" if value == 0 and math.copysign(1, value) < 0 else value


def to_json(type_, value):
    if isinstance(type_, (wit.F32, wit.F64)):
        return float_to_json(value)
    if isinstance(type_, (wit.S64, wit.U64)):
        return str(value)
    if isinstance(type_, wit.ListType):
        return [to_json(type_.element, item) for item in value]
    if isinstance(type_, wit.TupleType):
        return [to_json(part, item) for part, item in zip(type_.elements, value)]
    if isinstance(type_, wit.RecordType):
        return present({camel_case(name): to_json(part, getattr(value, name)) for name, part in type_.fields})
    if isinstance(type_, wit.FlagsType):
        return {camel_case(name): True for name in value}
    if isinstance(type_, wit.OptionType) and not isinstance(type_.payload, wit.OptionType):
        return None if value.tag == "none" else to_json(type_.payload, value.payload)
    if isinstance(type_, VariantLikeType):
        payload = cases_of(type_)[value.tag]
        return present({"tag": value.tag, "val": payload and to_json(payload, value.payload)})
    return value


def present(record):
    return {name: value for name, value in record.items() if value is not None and value is not False}


def call(store, instance, name, arguments):
    func = instance.get_func(store, name)
    if func is None:
        return {"error": f"there is no function {name}"}
    try:
        type_ = func.type(store)
        params = [to_python(param, argument) for (_, param), argument in zip(type_.params, arguments)]
        result = func(store, *params)
        func.post_return(store)
        return {"value": None if type_.result is None else to_json(type_.result, result)}
    except Exception as error:
        return {"error": str(error)}


def offer_echoes(linker, imports, engine):
    """Offers all that is imported from interfaces; each function gives its first argument back."""
    with linker.root() as root:
        for name, extern in imports.items():
            interface = extern.ty if hasattr(extern, "ty") else extern
            if not isinstance(interface, wit.ComponentInstanceType):
                continue
            with root.add_instance(name) as instance:
                for number, (inner, item) in enumerate(interface.exports(engine).items()):
                    type_ = item.ty if hasattr(item, "ty") else item
                    if isinstance(type_, wit.FuncType):
                        instance.add_func(inner, lambda store, *arguments: arguments[0])
                    elif isinstance(type_, wit.ResourceType):
                        instance.add_resource(inner, wit.ResourceType.host(number), lambda store, rep: None)


def run(engine, job):
    try:
        with open(job["component"], "rb") as file:
            component = wit.Component(engine, file.read())
        store = Store(engine)
        linker = wit.Linker(engine)
        offer_echoes(linker, component.type.imports(engine), engine)
        instance = linker.instantiate(store, component)
    except Exception as error:
        return [{"error": str(error)}]
    return [call(store, instance, name, arguments) for name, arguments in job["calls"]]


json.dump([run(Engine(Config()), job) for job in json.load(sys.stdin)], sys.stdout)
