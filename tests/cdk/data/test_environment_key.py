"""The key of an environment: who may use it, and that it stays."""

from pathlib import Path

import aws_cdk as cdk
import pytest

from bluegreen.cdk.data import EnvironmentKey
from tests.cdk.support import synthesize


def test_a_key_that_logs_and_topics_may_use(tmp_path: Path) -> None:
    """The key's policy lets CloudWatch Logs in for this account's groups and publishers for its topics; it stays."""
    found = synthesize(tmp_path, lambda stack: EnvironmentKey(stack, "Key", alias="shop"))
    key = found.one("AWS::KMS::Key")
    assert key["Properties"]["EnableKeyRotation"] is True
    assert (key["DeletionPolicy"], key["UpdateReplacePolicy"]) == ("Retain", "Retain")
    _, logs, topics = key["Properties"]["KeyPolicy"]["Statement"]
    assert "kms:EncryptionContext:aws:logs:arn" in logs["Condition"]["ArnLike"]
    assert "kms:EncryptionContext:aws:sns:topicArn" in topics["Condition"]["ArnLike"]
    assert "cloudwatch.amazonaws.com" in topics["Principal"]["Service"]
    assert found.one("AWS::KMS::Alias")["Properties"]["AliasName"] == "alias/shop"


@pytest.mark.parametrize("alias", ["", "alias/shop!", "aws/shop", "a b"])
def test_refuses_aliases_that_kms_refuses(stack: cdk.Stack, alias: str) -> None:
    """An alias has letters, digits, slashes, underscores and hyphens, and is not AWS's own."""
    with pytest.raises(ValueError, match=r"^alias must be 1-250 letters"):
        EnvironmentKey(stack, "Key", alias=alias)
