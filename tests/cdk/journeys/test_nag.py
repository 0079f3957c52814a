"""What cdk-nag's two packs find in journeys and dashboards: nothing that they do not acknowledge themselves."""

from pathlib import Path

from examples.gallery.dashboards import define
from tests.cdk.nagging import findings

PARTS = ("Alive", "Buys", "Artifacts", "Business")


def test_cdk_nag_finds_nothing_that_is_not_acknowledged(tmp_path: Path) -> None:
    """Both packs are clean with every option, but for inline policies, which are the whole app's choice."""
    found = {one for one in findings(tmp_path, define) if one[0].split("/")[1] in PARTS}
    assert {one for one in found if one[1] != "NIST.800.53.R5-IAMNoInlinePolicy"} == set()
