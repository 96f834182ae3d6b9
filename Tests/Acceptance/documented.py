#!/usr/bin/env python3
"""Whether everything public is documented: documented.py MODULE..., after `make docs`, which leaves the symbol graphs that this reads.

In Swift that is every public symbol of these modules. Not asked for: what the compiler makes up, and what a protocol asks for, as its
documentation stands at the protocol (a graph of `make docs` leaves both out, or says where they come from). In Python it is every module
of the package without an underscore, what such a module names in `__all__`, and of classes among them each method, property and field;
fields have comments that begin with `#:`.
"""

import ast
import json
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def swift_symbols(module):
    """Name and whether it is documented, of each public symbol of a module and of its extensions of others."""
    folders = sorted(ROOT.glob(f".build/*/extracted-symbols/*/{module}"), key=lambda folder: folder.stat().st_mtime)
    if not folders:
        sys.exit(f"documented: found no symbol graph of {module}, expected one that `make docs` made")
    for path in sorted(folders[-1].glob("*.symbols.json")):
        graph = json.loads(path.read_text())
        inherited = {relation["source"] for relation in graph["relationships"] if "sourceOrigin" in relation}
        for symbol in graph["symbols"]:
            identifier = symbol["identifier"]["precise"]
            if symbol["kind"]["identifier"] == "swift.extension" or "::SYNTHESIZED::" in identifier or identifier in inherited:
                continue
            lines = symbol.get("docComment", {}).get("lines", [])
            yield f"{module}: {'.'.join(symbol['pathComponents'])}", any(line["text"].strip() for line in lines)


def python_symbols(package):
    """The same of a Python package, without importing it."""
    modules = {path.stem: path.read_text() for path in sorted(package.glob("*.py"))}
    trees = {name: ast.parse(text) for name, text in modules.items()}
    definitions = {
        node.name: (node, modules[name].splitlines())
        for name, tree in trees.items() for node in tree.body if isinstance(node, (ast.ClassDef, ast.FunctionDef))}
    for name, tree in trees.items():
        if name.startswith("_") and name != "__init__":
            continue
        module = package.name if name == "__init__" else f"{package.name}.{name}"
        yield module, bool(ast.get_docstring(tree))
        for public in exported(tree):
            yield from python_definition(module, *definitions[public])


def exported(tree):
    """What `__all__` names."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and [target.id for target in node.targets if isinstance(target, ast.Name)] == ["__all__"]:
            return ast.literal_eval(node.value)
    return []


def python_definition(parent, node, lines):
    """A function, or a class with its public members."""
    name = f"{parent}.{node.name}"
    yield name, bool(ast.get_docstring(node))
    for member in node.body if isinstance(node, ast.ClassDef) else []:
        if isinstance(member, (ast.FunctionDef, ast.ClassDef)) and not member.name.startswith("_"):
            yield from python_definition(name, member, lines)
    for field in fields(node):
        yield f"{name}.{field.target.id if isinstance(field.target, ast.Name) else field.target.attr}", \
            lines[field.lineno - 2].strip().startswith("#:")


def fields(node):
    """Annotated public fields of a class, also those that `__init__` makes."""
    if not isinstance(node, ast.ClassDef):
        return
    for field in ast.walk(node):
        if isinstance(field, ast.AnnAssign):
            target = field.target
            is_own = isinstance(target, ast.Name) and field in node.body or isinstance(target, ast.Attribute)
            if is_own and not (target.id if isinstance(target, ast.Name) else target.attr).startswith("_"):
                yield field


def main(modules):
    missing = []
    for kind, symbols in [
        ("Swift", [symbol for module in modules for symbol in swift_symbols(module)]),
        ("Python", list(python_symbols(ROOT / "Python" / "linwarp"))),
    ]:
        undocumented = [name for name, is_documented in symbols if not is_documented]
        print(f"documented: {kind}: {len(symbols) - len(undocumented)} of {len(symbols)} public symbols")
        missing += undocumented
    for name in missing:
        print(f"documented: found no documentation of {name}")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
