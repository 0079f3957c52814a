"""What every dashboard of this library is: one resource, whose body is stated as a whole."""

import re
from collections.abc import Sequence

from aws_cdk import Stack, Token
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk._arns import OWN
from bluegreen.cdk._names import computed_name

from ._grid import Row, place

RUNBOOKS = "docs/runbooks.md"
_NAME = re.compile(r"[A-Za-z0-9_-]{1,255}")
_DURATION = re.compile(r"-P(T\d+[HM]|\d+[DWM])")
_LONGEST_COMPUTED = 230
"""A dashboard's name may have 255 characters; the region comes after."""


class Dashboard(Construct):
    """A CloudWatch dashboard.

    The CDK's own widgets cross into Node one by one; this states the body at once.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        rows: What it shows, from the top.
        name: Its name, 1-255 letters, digits, hyphens and underscores; unique in the account, because dashboards belong
            to no region. The stack's name, the construct's path and the region when omitted.
        start: How far back it looks when opened, as an ISO 8601 duration with a minus, such as "-PT3H" or "-P7D".

    Attributes:
        dashboard: The resource.
        name: Its name.

    Raises:
        ValueError: If the name or the duration is none, or a limit of CloudWatch is passed.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, rows: Sequence[Row], name: str | None, start: str
    ) -> None:
        if name is not None and not Token.is_unresolved(name) and not _NAME.fullmatch(name):
            raise ValueError(f"name must be 1-255 letters, digits, hyphens and underscores, got {name!r}")
        if not _DURATION.fullmatch(start):
            raise ValueError(f'start must be a duration with a minus, such as "-PT3H" or "-P7D", got {start!r}')
        super().__init__(scope, construct_id)
        self.name = name or f"{computed_name(self, max_length=_LONGEST_COMPUTED)}-{OWN.region}"
        body = {"start": start, "periodOverride": "inherit", "widgets": place(rows)}
        self.dashboard = cloudwatch.CfnDashboard(
            self, "Resource", dashboard_name=self.name, dashboard_body=Stack.of(self).to_json_string(body)
        )
