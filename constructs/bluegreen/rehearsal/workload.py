"""What the steady load asks for: `[load]` in bluegreen.toml, and a sensible load where it says nothing."""

import itertools
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bluegreen.errors import RehearsalError

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
HIGHEST_SHARE = 1000
HIGHEST_RATE = 5000
HIGHEST_CONNECTIONS = 256

FIELD = re.compile(r"\{(\w+)\}")
"""A field of an answer's JSON, in a path."""

_EXAMPLE = '[[load.requests]]\npath = "/"\nshare = 9'


class LoadTableError(RehearsalError):
    """The load table of bluegreen.toml cannot be used."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One kind of request that the load sends.

    Args:
        path: Starts with "/"; may have a query.
        method: One of `METHODS`.
        body: Sent as JSON; none when omitted.
        share: 1-1000, relative to the other requests' shares.
        confirm: Where what an answer of 200-299 acknowledges can be read, with fields of that answer's JSON in braces:
            "/orders/{id}". At the end it must say at least what was acknowledged. Nothing is read back when omitted.
    """

    path: str
    method: str = "GET"
    body: str | None = None
    share: int = 1
    confirm: str | None = None


@dataclass(frozen=True, kw_only=True)
class Workload:
    """How much load, and of what.

    Args:
        requests: At least one.
        per_second: Requests a second over all connections, 1-5000. The default stays above 400 with room to be late.
        connections: Kept alive, 1-256.
    """

    requests: tuple[Request, ...] = (Request(path="/"),)
    per_second: int = 450
    connections: int = 16

    def without_confirming(self) -> "Workload":
        """Return the same load, of which nothing is read back."""
        return replace(self, requests=tuple(replace(request, confirm=None) for request in self.requests))

    @classmethod
    def load(cls, path: Path) -> "Workload":
        """Read the `[load]` table of a bluegreen.toml.

        Args:
            path: The file. Without the table, or without the file, the load is `GET /`.

        Raises:
            LoadTableError: If the table has an unknown key or a value out of range.
        """
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls()
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
            raise LoadTableError(f"cannot read {path}: {error}", hint="correct the file") from error
        try:
            return cls.from_table(document.get("load", {}))
        except ValueError as error:
            raise LoadTableError(f"{path}: {error}", hint=f"such as\n{_EXAMPLE}") from error

    @classmethod
    def from_table(cls, table: Any) -> "Workload":
        """Make a workload of the parsed table.

        Raises:
            ValueError: If it has an unknown key or a value out of range.

        Example:
            >>> Workload.from_table({"requests": [{"method": "POST", "path": "/orders", "json": {"n": 1}}]}).requests[0]
            Request(path='/orders', method='POST', body='{"n": 1}', share=1, confirm=None)
        """
        _keys(table, {"requests", "requests_per_second", "connections"}, "load")
        found = table.get("requests", [{"path": "/"}])
        if not isinstance(found, list) or not found:
            raise ValueError(f"load.requests must be a list of tables that is not empty, got {found!r}")
        return cls(
            requests=tuple(_request(entry, f"load.requests[{index}]") for index, entry in enumerate(found)),
            per_second=_number(table.get("requests_per_second", 450), HIGHEST_RATE, "load.requests_per_second"),
            connections=_number(table.get("connections", 16), HIGHEST_CONNECTIONS, "load.connections"),
        )


def in_turn(requests: tuple[Request, ...]) -> Iterator[Request]:
    """Yield the requests for ever, each as often as its share says, spread evenly.

    Example:
        >>> read, write = Request(path="/"), Request(path="/orders", method="POST")
        >>> from dataclasses import replace
        >>> turns = in_turn((replace(read, share=2), write))
        >>> [next(turns).path for _ in range(6)]
        ['/', '/orders', '/', '/', '/orders', '/']
    """
    total = sum(request.share for request in requests)
    credit = [0] * len(requests)
    cycle = []
    for _ in range(total):
        credit = [held + request.share for held, request in zip(credit, requests, strict=True)]
        chosen = credit.index(max(credit))
        credit[chosen] -= total
        cycle.append(requests[chosen])
    return itertools.cycle(cycle)


def fields(confirm: str) -> list[str]:
    """Return the fields that stand in braces.

    Example:
        >>> fields("/orders/{id}")
        ['id']
    """
    return FIELD.findall(confirm)


def _request(entry: Any, place: str) -> Request:
    _keys(entry, {"path", "method", "json", "share", "confirm"}, place)
    path, method = entry.get("path"), entry.get("method", "GET")
    _path(path, f"{place}.path")
    if method not in METHODS:
        raise ValueError(f"{place}.method must be one of {', '.join(METHODS)}, got {method!r}")
    confirm = entry.get("confirm")
    if confirm is not None:
        _path(confirm, f"{place}.confirm")
        if not fields(confirm):
            raise ValueError(
                f'{place}.confirm must name a field of the answer, such as "/orders/{{id}}", got {confirm!r}'
            )
    body = json.dumps(entry["json"]) if "json" in entry else None
    share = _number(entry.get("share", 1), HIGHEST_SHARE, f"{place}.share")
    return Request(path=path, method=method, body=body, share=share, confirm=confirm)


def _path(value: Any, place: str) -> None:
    fine = isinstance(value, str) and value.startswith("/") and value.isascii() and value.isprintable()
    if not fine or " " in value:
        raise ValueError(f'{place} must start with "/" and hold printable ASCII without spaces, got {value!r}')


def _keys(table: Any, allowed: set[str], place: str) -> None:
    if not isinstance(table, Mapping):
        raise ValueError(f"{place} must be a table, got {table!r}")  # noqa: TRY004 - one kind of error for one file
    for key in table:
        if key not in allowed:
            raise ValueError(f"unknown key {key!r} in {place}; allowed are {', '.join(sorted(allowed))}")


def _number(value: Any, highest: int, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= highest:
        raise ValueError(f"{place} must be a whole number of 1-{highest}, got {value!r}")
    return value
