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


class Known(dict[str, Values]):
    """The values of a widget's or an alarm's ids: those of metrics, and of expressions once they are asked for."""

    def __init__(self, samples: Samples) -> None:
        super().__init__()
        self._samples = samples
        self._expressions: dict[str, str] = {}

    def state(self, name: str, expression: str) -> None:
        """State an expression, which may name ids that are stated later."""
        self._expressions[name] = expression

    def __missing__(self, name: str) -> Values:
        self[name] = self.work_out(self._expressions[name])
        return self[name]

    def work_out(self, expression: str) -> Values:
        """Work out metric math of the kind that this project writes.

        Args:
            expression: The expression.

        Returns:
            Its values.

        Raises:
            ValueError: If it is of another kind.
        """
        if "SEARCH" in expression:
            (name,) = re.findall(r'MetricName="(\w+)"', expression)
            return self._samples.of(name, {}, "Sum") / float(re.findall(r"\)/(\d+)", expression)[0])
        python = re.sub(r"\b(AND|OR)\b", lambda found: found[0].lower(), expression)  # with the same precedence
        with np.errstate(all="ignore"):
            return np.asarray(_evaluate(ast.parse(python, mode="eval").body, self), dtype=float)


def lines_of(series: Sequence[list[Any]], samples: Samples) -> list[Drawn]:
    """Return the visible lines of a widget.

    Args:
        series: The widget's metrics.
        samples: The figures.

    Returns:
        The lines, in the order in which they are stated.
    """
    known = Known(samples)
    visible: list[tuple[str, dict[str, Any]]] = []
    for number, one in enumerate(series):
        drawn = one[-1] if isinstance(one[-1], dict) else {}
        name = drawn.get("id", f"unnamed{number}")
        if "expression" in drawn:
            known.state(name, drawn["expression"])
        else:
            named = one[2:-1] if isinstance(one[-1], dict) else one[2:]
            dimensions = dict(zip(named[::2], named[1::2], strict=True))
            known[name] = samples.of(one[1], dimensions, drawn.get("stat", "Average"))
        if drawn.get("visible", True):
            visible.append((name, {"label": str(one[1]) if len(one) > 1 else drawn["expression"], **drawn}))
    return [
        Drawn(_label(drawn["label"]), known[name], drawn.get("color"), drawn.get("yAxis") == "right")
        for name, drawn in visible
    ]


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
    known = Known(samples)
    for one in alarm["Metrics"]:
        if stated := one.get("MetricStat"):
            dimensions = {item["Name"]: item["Value"] for item in stated["Metric"].get("Dimensions", ())}
            known[one["Id"]] = samples.of(stated["Metric"]["MetricName"], dimensions, stated["Stat"])
        else:
            known.state(one["Id"], one["Expression"])
    return next(known[one["Id"]] for one in alarm["Metrics"] if one.get("ReturnData", True))


def _label(label: str) -> str:
    return re.sub(r"\$\{PROP\('Dim\.(\w+)'\)\}", r"one line for each \1", label)


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
