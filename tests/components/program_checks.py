"""What no component may do, read from its source: `find_mistakes` names file, line and what is wrong."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

_COMPOSERS = {"concat", "format", "join"}
_ADDRESS = re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b")
_COMPOSED_ON_PURPOSE = {"account_name"}
"""The storage account's: it has 5 random characters in the middle, which are known only once they are drawn."""


def find_mistakes(sources: Mapping[str, str]) -> list[str]:
    """Return what is wrong in these files, which are judged as one program."""
    trees = {file: ast.parse(source) for file, source in sources.items()}
    functions = {
        node.name: node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)
    }
    classes = {name for tree in trees.values() for node in ast.walk(tree) for name in _resource_class(node)}
    creators = _find_creators(functions, classes)
    found = []
    for file, tree in trees.items():
        for node in ast.walk(tree):
            problems = (*_judge(node), *_judge_apply(node, functions, creators))
            found += [f"{file}:{getattr(node, 'lineno', 0)}: {problem}" for problem in problems]
    return found


def _judge(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Attribute) and node.attr in ("Config", "environ", "getenv"):
        yield f"reads {node.attr}: a component is given settings"
    if isinstance(node, ast.Import | ast.ImportFrom):
        modules = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
        for module in {"time", "asyncio", "ipaddress", "os"} & {module.partition(".")[0] for module in modules}:
            yield f"imports {module}: a component neither waits, nor computes an address, nor reads its surroundings"
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _ADDRESS.search(node.value):
        yield f"has the address {node.value!r}: addresses come from the settings"
    if isinstance(node, ast.Call):
        yield from _judge_names((keyword.arg, keyword.value) for keyword in node.keywords)
    if isinstance(node, ast.Dict):
        pairs = zip(node.keys, node.values, strict=True)
        yield from _judge_names((key.value, value) for key, value in pairs if isinstance(key, ast.Constant))


def _judge_names(arguments: Iterable[tuple[Any, ast.expr]]) -> Iterator[str]:
    for name, value in arguments:
        is_name = re.fullmatch(r"\w*(_name_?|[a-z]Name)", str(name)) and name not in _COMPOSED_ON_PURPOSE
        if is_name and (isinstance(value, ast.JoinedStr | ast.BinOp) or _called(value) in _COMPOSERS):
            yield f"composes {name}: names come from the settings"


def _judge_apply(node: ast.AST, functions: Mapping[str, ast.FunctionDef], creators: frozenset[str]) -> Iterator[str]:
    if not isinstance(node, ast.Call) or _called(node) != "apply":
        return
    for given in node.args:
        body = functions.get(given.id) if isinstance(given, ast.Name) else given
        for call in ast.walk(body) if body else ():
            if _called(call) in creators or _creates(call, ()):
                yield f"{ast.unparse(call)[:60]} creates a resource inside apply: no preview would show it"


def _find_creators(functions: Mapping[str, ast.FunctionDef], classes: Collection[str]) -> frozenset[str]:
    """Return the resource classes, and the functions that create a resource, themselves or through others."""
    calls = {name: list(ast.walk(function)) for name, function in functions.items()}
    found = {"run", *classes, *(name for name in calls if any(_creates(node, classes) for node in calls[name]))}
    while more := {name for name, nodes in calls.items() if {_called(node) for node in nodes} & found} - found:
        found |= more
    return frozenset(found)


def _resource_class(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Resource") for base in node.bases):
        yield node.name


def _creates(node: ast.AST, classes: Collection[str]) -> bool:
    """Return whether it is a call of a resource class: one of these, or one of a provider's SDK."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return _called(node) in classes
    module, name = ast.unparse(node.func.value), node.func.attr
    is_class = module.isidentifier() and re.fullmatch(r"[A-Z][A-Za-z0-9]+(?<!Args)", name)
    return bool(is_class) and (module != "pulumi" or name.endswith("Resource"))


def _called(node: ast.AST) -> str:
    """Return the last word of what is called; empty for what is no call."""
    if not isinstance(node, ast.Call):
        return ""
    called = node.func
    return called.attr if isinstance(called, ast.Attribute) else called.id if isinstance(called, ast.Name) else ""
