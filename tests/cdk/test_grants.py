"""Tests of the policies that grow."""

from typing import Any

from bluegreen.cdk._grants import Grants


def statements(grants: Grants) -> Any:
    """Return the statements of the document."""
    return grants.document().to_json()["Statement"]


def test_a_statement_of_the_same_actions_and_condition_grows() -> None:
    """What is allowed under the same condition is one statement, each resource once; anything else is another."""
    grants = Grants()
    grants.add("s3:GetObject", on=["arn:a"])
    grants.add("s3:GetObject", on=["arn:a", "arn:b"])
    grants.add("s3:GetObject", on=["arn:c"], when={"Bool": {"aws:SecureTransport": "true"}})
    assert [one["Resource"] for one in statements(grants)] == [["arn:a", "arn:b"], "arn:c"]


def test_a_denial_does_not_grow_by_what_is_allowed() -> None:
    """Allowing what is denied elsewhere is a statement of its own."""
    grants = Grants()
    grants.include([{"Effect": "Deny", "Action": ["s3:GetObject"], "Resource": ["arn:a"]}])
    grants.add("s3:GetObject", on=["arn:b"])
    assert [(one["Effect"], one["Resource"]) for one in statements(grants)] == [("Deny", "arn:a"), ("Allow", "arn:b")]


def test_a_document_is_what_was_allowed_until_then() -> None:
    """What is allowed later is in the next document, not in one that was made before."""
    grants = Grants()
    grants.add_listing_of_tasks("arn:one")
    before = grants.document()
    grants.add_listing_of_tasks("arn:two")
    (early,), (late,) = before.to_json()["Statement"], statements(grants)
    assert early["Condition"] == {"ArnEquals": {"ecs:cluster": ["arn:one"]}}
    assert late["Condition"] == {"ArnEquals": {"ecs:cluster": ["arn:one", "arn:two"]}}
