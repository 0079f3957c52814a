"""The gallery's guard rails: every option, clean before the linters."""

import json
from pathlib import Path

import aws_cdk as cdk

from examples.gallery.guardrails import define
from tests.cdk.nagging import findings


def test_linters_find_nothing_in_the_gallery(tmp_path: Path) -> None:
    """Both packs are clean, and the gallery's own rules hold, with an exception that is needed."""
    inline = "NIST.800.53.R5-IAMNoInlinePolicy"
    assert {one for one in findings(tmp_path, define) if one[1] != inline} == set()


def test_the_exception_of_the_gallery_is_for_one_queue(tmp_path: Path) -> None:
    """The queue that fails within a week is accepted; another one like it would not be."""

    def with_another(app: cdk.App) -> None:
        define(app)
        stack = app.node.find_child("GalleryGuardrails")
        assert isinstance(stack, cdk.Stack)
        cdk.CfnResource(stack, "Another", type="AWS::SQS::Queue")

    found = {rule for _, rule in findings(tmp_path, with_another)}
    assert "long-memory" in found
    template = json.loads((tmp_path / "GalleryGuardrails.template.json").read_text())
    assert sum(one["Type"] == "AWS::SQS::Queue" for one in template["Resources"].values()) == 3
