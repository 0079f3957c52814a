"""Evaluates a request's metrics and metric math over a grid of periods, as GetMetricData and alarms both do."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import Document

from .functions import call
from .series import Series, Value, combine
from .statistics import UnknownStatisticError, statistic
from .syntax import (
    Call,
    ExpressionError,
    Listing,
    Negation,
    Node,
    Number,
    Operation,
    Reference,
    Text,
    Word,
    parse,
    references,
)

_ID = re.compile(r"[a-z]\w*")

ReadMetric = Callable[[Document], Series]
"""Reads the metric that a `MetricStat` describes, over the grid."""


class QueryError(ValueError):
    """A list of metric data queries that CloudWatch would refuse."""


@dataclass(frozen=True)
class Query:
    """One checked metric data query: a metric, or an expression."""

    id: str
    metric: Document | None
    expression: Node | None
    returned: bool
    label: str


def read_queries(documents: Sequence[Document]) -> dict[str, Query]:
    """Check metric data queries and return them by id, each after the ones it refers to.

    Args:
        documents: The queries as boto3 would send them.

    Raises:
        QueryError: If an id is malformed, used twice, unknown or refers to itself; if a query is not exactly one of a
            metric and an expression; if a statistic or an expression is not valid.
    """
    queries: dict[str, Query] = {}
    for document in documents:
        query = _read_query(document)
        if query.id in queries:
            raise QueryError(f"id {query.id} is used twice; give each metric and expression an id of its own")
        queries[query.id] = query
    ordered: dict[str, Query] = {}
    for query in queries.values():
        _after_what_it_needs(query, queries, ordered, under_way=())
    _check_kinds(ordered)
    return ordered


def evaluate(queries: Mapping[str, Query], grid: Sequence[float], read: ReadMetric) -> dict[str, Value]:
    """Evaluate queries over a grid of period starts.

    Args:
        queries: As `read_queries` returns them.
        grid: The start of every period, in order.
        read: Reads one metric.

    Returns:
        A value for each id.

    Raises:
        ExpressionError: If an expression combines what cannot be combined.
    """
    values: dict[str, Value] = {}
    metrics: dict[str, Series] = {}
    for query in queries.values():
        if query.metric is not None:
            values[query.id] = metrics[query.id] = read(query.metric)
        elif query.expression is not None:
            values[query.id] = _evaluate(query.expression, values, metrics, grid)
    return values


def _read_query(document: Document) -> Query:
    name = document["Id"]
    if not _ID.fullmatch(name):
        raise QueryError(f"id must start with a lower-case letter, then letters, digits and _, got {name!r}")
    metric, expression = document.get("MetricStat"), document.get("Expression")
    if (metric is None) == (expression is None):
        raise QueryError(f"{name} must have either MetricStat or Expression")
    try:
        node = parse(expression) if expression is not None else None
        if metric is not None:
            statistic(metric["Stat"])
    except (ExpressionError, UnknownStatisticError) as error:
        raise QueryError(f"{name}: {error}") from error
    default = expression or (metric or {}).get("Metric", {}).get("MetricName") or name
    return Query(name, metric, node, document.get("ReturnData", True), document.get("Label") or default)


def _after_what_it_needs(
    query: Query, queries: Mapping[str, Query], ordered: dict[str, Query], *, under_way: tuple[str, ...]
) -> None:
    if query.id in ordered:
        return
    if query.id in under_way:
        raise QueryError(f"{' -> '.join([*under_way, query.id])}: an expression must not refer to itself")
    needed = list(references(query.expression)) if query.expression else []
    if _names_metrics(query.expression):
        needed += [other.id for other in queries.values() if other.metric is not None]
    for name in needed:
        if name not in queries:
            raise QueryError(f"{query.id} refers to {name}, which is not in the request")
        _after_what_it_needs(queries[name], queries, ordered, under_way=(*under_way, query.id))
    ordered[query.id] = query


def _names_metrics(node: Node | None) -> bool:
    match node:
        case Call(function, arguments):
            return function == "METRICS" or any(_names_metrics(argument) for argument in arguments)
        case Operation(_, left, right):
            return _names_metrics(left) or _names_metrics(right)
        case Negation(operand):
            return _names_metrics(operand)
        case Listing(items):
            return any(_names_metrics(item) for item in items)
    return False


def _check_kinds(queries: Mapping[str, Query]) -> None:
    """Evaluate once over made-up points: the kind of a result does not depend on the data."""
    try:
        values = evaluate(queries, [0.0], lambda metric: Series({0.0: 1.0}, metric["Period"]))
    except ExpressionError as error:
        raise QueryError(str(error)) from error
    for name, value in values.items():
        if isinstance(value, float | int) and queries[name].returned:
            raise QueryError(f"{name} must give a time series or an array of them, but gives a scalar")


def _evaluate(  # noqa: PLR0911 - one line for each kind of node
    node: Node, values: Mapping[str, Value], metrics: Mapping[str, Series], grid: Sequence[float]
) -> Value:
    def value_of(inner: Node) -> Value:
        return _evaluate(inner, values, metrics, grid)

    match node:
        case Number(number):
            return number
        case Reference(name):
            return values[name]
        case Negation(operand):
            return combine("*", -1.0, value_of(operand))
        case Operation(symbol, left, right):
            return combine(symbol, value_of(left), value_of(right))
        case Listing(items):
            return _array([value_of(item) for item in items])
        case Call(name, arguments):
            if name == "METRICS":
                return _metrics(arguments, metrics)
            words = [argument.value if isinstance(argument, Word) else value_of(argument) for argument in arguments]
            return call(name, words, grid)
    raise ExpressionError(f"{node.value!r} stands where a value belongs")


def _metrics(arguments: tuple[Node, ...], metrics: Mapping[str, Series]) -> Value:
    match arguments:
        case ():
            return tuple(metrics.values())
        case (Text(part),):
            return tuple(series for name, series in metrics.items() if part in name)
    raise ExpressionError("METRICS takes nothing or one string")


def _array(items: Sequence[Value]) -> Value:
    found: list[Series] = []
    for item in items:
        if isinstance(item, Series):
            found.append(item)
        elif isinstance(item, tuple):
            found.extend(item)
        else:
            raise ExpressionError("an array holds time series only, not scalars")
    return tuple(found)
