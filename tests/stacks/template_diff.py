"""How two environments' templates differ, once what must differ, such as their names, is taken out."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from bluegreen.cdk.guardrails.rule import values
from stacks.environments import ENVIRONMENTS

_NAMES = "|".join(ENVIRONMENTS)
_NAME = re.compile(rf"(?<![A-Za-z])(?:{_NAMES})(?![a-z])")
_STACK = re.compile(rf"(?:{_NAMES})(?=(?:Data)?Stack)", re.IGNORECASE)
_NORMAL = {
    re.compile(r"[0-9a-f]{64}"): "<hash>",
    re.compile(r"(?<=[A-Za-z0-9])[0-9A-F]{8}(?![0-9A-Za-z])"): "",  # of a logical id
    _STACK: "Env",
    _NAME: "env",
    re.compile(r"\b10\.\d+\."): "10.x.",
}
_LONGEST = 80
Template = Mapping[str, Any]


def describe(before: Template, after: Template) -> list[str]:
    """Return the differences, a line each: how many resources of a type there are, then which properties differ."""
    first, second = (
        {_normal(name): one for name, one in template["Resources"].items()} for template in (before, after)
    )
    old, new = (Counter(one["Type"] for one in found.values()) for found in (first, second))
    counts = [f"{name}: {old[name]} -> {new[name]}" for name in sorted({*old, *new}) if old[name] != new[name]]
    return counts + [
        f"{first[name]['Type']} {name}: {change}"
        for name in sorted(first.keys() & second.keys())
        for change in _changes(first[name], second[name])
    ]


def _changes(before: Template, after: Template) -> Iterator[str]:
    old, new = (
        {path: _normal(value) for path, value in values(_plain(one)) if not path.startswith("Metadata")}
        for one in (before, after)
    )
    for path in sorted({*old, *new}):
        if old.get(path) != new.get(path):
            was, becomes = _crop(str(old.get(path, "none")), str(new.get(path, "none")))
            yield f"{path.removeprefix('Properties.')}: {was} -> {becomes}"


def _plain(document: Any) -> Any:
    """Write references as text, so that a changed one is one change."""
    match document:
        case {"Ref": str(name)}:
            return f"<{name}>"
        case {"Fn::GetAtt": [str(name), str(attribute)]}:
            return f"<{name}.{attribute}>"
        case {"Fn::Join": [str(delimiter), [*items]]}:
            return delimiter.join(map(str, map(_plain, items)))
        case Mapping():
            return {name: _plain(value) for name, value in document.items()}
        case [*items]:
            return [_plain(item) for item in items]
    return document


def _crop(old: str, new: str) -> tuple[str, str]:
    """Cut long texts to where they begin to differ."""
    same = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False)))
    start = max(0, same - _LONGEST // 2) if max(len(old), len(new)) > _LONGEST else 0
    first, second = ("…" * (start > 0) + text[start : start + _LONGEST] for text in (old, new))
    return first, second


def _normal(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    for pattern, instead in _NORMAL.items():
        value = pattern.sub(instead, value)
    return value
