"""Works out what a widget's series and an alarm's metrics come to, over the samples."""

import ast
import functools
import operator as operators
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from .samples import Samples, Values


@dataclass(frozen=True)
class Drawn:
    """One line of a graph."""

    label: str
    values: Values
    color: str | None
    right: bool


def lines_of(series: Sequence[list[Any]], samples: Samples) -> list[Drawn]:
    """Return the visible lines of a widget.

    Args:
        series: The widget's metrics.
        samples: The figures.

    Returns:
        The lines, in the order in which they are stated.
    """
    known: dict[str, Values] = {}
    stated: list[tuple[dict[str, Any], Values | None]] = []
    for one in series:
        drawn = one[-1] if isinstance(one[-1], dict) else {}
        values = None
        if isinstance(one[0], str):
            names = [part for part in one[2:] if isinstance(part, str)]
            dimensions = dict(zip(names[::2], names[1::2], strict=True))
            values = samples.of(one[1], dimensions, drawn.get("stat", "Average"))
            known[drawn.get("id", "")] = values
        stated.append(({"label": one[1] if len(one) > 1 else "", **drawn}, values))
    lines = []
    for drawn, given in stated:
        expression = drawn.get("expression", "")
        values = _search(expression, samples) if "SEARCH" in expression else given
        if values is None:
            values = work_out(expression, known)
            known[drawn.get("id", "")] = values
        if drawn.get("visible", True):
            label = re.sub(r"\$\{PROP\('Dim\.(\w+)'\)\}", r"one line for each \1", drawn["label"])
            lines.append(Drawn(label, values, drawn.get("color"), drawn.get("yAxis") == "right"))
    return lines


def compared_by(alarm: Mapping[str, Any], samples: Samples) -> Values:
    """Return what an alarm compares with its limit.

    Args:
        alarm: The properties of an AWS::CloudWatch::Alarm, with stand-ins for what only a deployment knows.
        samples: The figures.

    Returns:
        Its values.
    """
    if "MetricName" in alarm:
        dimensions = {one["Name"]: one["Value"] for one in alarm.get("Dimensions", ())}
        return samples.of(alarm["MetricName"], dimensions, alarm.get("Statistic", "Average"))
    known: dict[str, Values] = {}
    for one in alarm["Metrics"]:
        if stated := one.get("MetricStat"):
            dimensions = {item["Name"]: item["Value"] for item in stated["Metric"].get("Dimensions", ())}
            known[one["Id"]] = samples.of(stated["Metric"]["MetricName"], dimensions, stated["Stat"])
    for one in reversed(alarm["Metrics"]):  # an expression is stated before those that it is made of
        if "Expression" in one:
            known[one["Id"]] = work_out(one["Expression"], known)
    return next(known[one["Id"]] for one in alarm["Metrics"] if one.get("ReturnData", True))


def work_out(expression: str, known: Mapping[str, Values]) -> Values:
    """Work out metric math of the kind that this project writes.

    Args:
        expression: The expression.
        known: The values of the ids that it names.

    Returns:
        Its values.
    """
    python = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), expression)  # with the same precedence
    with np.errstate(all="ignore"):
        return np.asarray(_evaluate(ast.parse(python, mode="eval").body, known), dtype=float)


def _evaluate(node: ast.expr, known: Mapping[str, Values]) -> Any:
    found: Any
    match node:
        case ast.Constant(value):
            found = value
        case ast.Name(name):
            found = known[name]
        case ast.List(items):
            found = [_evaluate(item, known) for item in items]
        case ast.BinOp(left, operator, right) | ast.Compare(left, [operator], [right]):
            found = _OPERATORS[type(operator)](_evaluate(left, known), _evaluate(right, known))
        case ast.BoolOp(operator, values):
            combine = np.logical_and if isinstance(operator, ast.And) else np.logical_or
            found = functools.reduce(combine, [_evaluate(value, known) for value in values])
        case ast.Call(ast.Name(name), arguments):
            found = _FUNCTIONS[name](*(_evaluate(argument, known) for argument in arguments))
        case _:
            raise ValueError(f"metric math must be of the kind that this project writes, got {ast.unparse(node)}")
    return found


def _fill(values: Values, value: float) -> Values:
    return np.where(np.isnan(values), value, values)


def _search(expression: str, samples: Samples) -> Values:
    (name,) = re.findall(r'MetricName="(\w+)"', expression)
    divisor = float(re.findall(r"\)/(\d+)", expression)[0])
    return samples.of(name, {}, "Sum") / divisor


_OPERATORS: Mapping[type, Callable[[Any, Any], Any]] = {
    ast.Add: operators.add,
    ast.Sub: operators.sub,
    ast.Mult: operators.mul,
    ast.Div: operators.truediv,
    ast.Gt: operators.gt,
    ast.GtE: operators.ge,
    ast.Lt: operators.lt,
    ast.LtE: operators.le,
}
_FUNCTIONS: Mapping[str, Callable[..., Any]] = {
    "IF": np.where,
    "FILL": _fill,
    "LOG": np.log,
    "MAX": lambda series: np.max(series, axis=0),
}
