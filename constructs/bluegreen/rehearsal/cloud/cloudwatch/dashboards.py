"""Dashboards: kept and given back; nobody draws them."""

import json
import re
from collections.abc import Callable
from typing import Any

from bluegreen.rehearsal.cloud.api import ApiError, Document

MOST_WIDGETS = 500
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_COLUMNS = 24
_MOST_HEIGHT = 1000


class Dashboards:
    """The operations on dashboards.

    Args:
        now: Tells cloud time.
        account: The account in ARNs.
    """

    def __init__(self, now: Callable[[], float], account: str) -> None:
        self._now = now
        self._arn = f"arn:aws:cloudwatch::{account}:dashboard/"
        self._kept: dict[str, tuple[str, float]] = {}

    def put(self, request: Document) -> Document:
        """Create or replace a dashboard.

        Raises:
            ApiError: InvalidParameterInput when the body is not one that CloudWatch can show.
        """
        name, body = request["DashboardName"], request["DashboardBody"]
        complaints = list(_complaints(name, body))
        if complaints:
            raise ApiError("InvalidParameterInput", f"The dashboard {name} is invalid: {'; '.join(complaints)}")
        self._kept[name] = (body, self._now())
        return {"DashboardValidationMessages": []}

    def get(self, request: Document) -> Document:
        """Return a dashboard.

        Raises:
            ApiError: ResourceNotFound.
        """
        name = request["DashboardName"]
        if name not in self._kept:
            raise ApiError("ResourceNotFound", f"Dashboard {name} does not exist", status=404)
        return {"DashboardName": name, "DashboardArn": f"{self._arn}{name}", "DashboardBody": self._kept[name][0]}

    def names(self, request: Document) -> Document:
        """List dashboards, those whose name begins with the prefix when one is given."""
        kept = sorted(self._kept.items())
        return {
            "DashboardEntries": [
                {
                    "DashboardName": name,
                    "DashboardArn": f"{self._arn}{name}",
                    "LastModified": at,
                    "Size": len(body.encode()),
                }
                for name, (body, at) in kept
                if name.startswith(request.get("DashboardNamePrefix", ""))
            ]
        }

    def delete(self, request: Document) -> Document:
        """Delete dashboards; when one of them does not exist, none is deleted.

        Raises:
            ApiError: ResourceNotFound.
        """
        for name in request["DashboardNames"]:
            self.get({"DashboardName": name})
        for name in request["DashboardNames"]:
            del self._kept[name]
        return {}


def _complaints(name: str, body: str) -> "list[str]":
    if not _NAME.fullmatch(name):
        return [f"its name must be 1-255 of A-Z, a-z, 0-9, - and _, got {name!r}"]
    try:
        document = json.loads(body)
    except ValueError as error:
        return [f"its body is no JSON: {error}"]
    widgets = document.get("widgets") if isinstance(document, dict) else None
    if not isinstance(widgets, list):
        return ["its body must be an object with a list of widgets"]
    if len(widgets) > MOST_WIDGETS:
        return [f"it may have {MOST_WIDGETS} widgets at most, got {len(widgets)}"]
    return [f"/widgets/{number}: {complaint}" for number, widget in enumerate(widgets) for complaint in _wrong(widget)]


def _wrong(widget: Any) -> list[str]:
    """Return what is wrong with a widget."""
    if not isinstance(widget, dict):
        return ["must be an object"]
    wrong = [f"must have {name}" for name in ("type", "properties") if name not in widget]
    for name, least, most in (
        ("x", 0, _COLUMNS - 1),
        ("y", 0, None),
        ("width", 1, _COLUMNS),
        ("height", 1, _MOST_HEIGHT),
    ):
        value = widget.get(name, least)
        if not isinstance(value, int) or value < least or (most is not None and value > most):
            wrong.append(f"{name} must be {least} or more{f' and at most {most}' if most else ''}, got {value!r}")
    return wrong
