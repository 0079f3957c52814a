from typing import Any

import pytest

from bluegreen.rehearsal.cloud.secrets_manager import SecretType

ARN = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:made-AbCdEf"


class FakeSecrets:
    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []

    def __getattr__(self, operation: str) -> Any:
        def call(**request: Any) -> dict[str, Any]:
            self.calls.append((operation, request))
            return {"ARN": ARN, "RandomPassword": "random"}

        return call


@pytest.fixture
def secrets() -> FakeSecrets:
    return FakeSecrets()


@pytest.fixture
def kind(secrets: FakeSecrets) -> SecretType:
    return SecretType({"secretsmanager": secrets}.__getitem__)


def test_a_value_is_generated_as_the_template_asks(kind: SecretType, secrets: FakeSecrets) -> None:
    """The choices go to GetRandomPassword, the password into the template, and Ref is the ARN."""
    asked = {"SecretStringTemplate": '{"username": "app"}', "GenerateStringKey": "password", "PasswordLength": "48"}
    created = kind.create("generated-name", {"GenerateSecretString": asked, "KmsKeyId": "key"})
    assert (created.physical_id, created.attributes) == (ARN, {"Id": ARN, "Arn": ARN})
    assert secrets.calls == [
        ("get_random_password", {"PasswordLength": 48}),
        (
            "create_secret",
            {
                "Name": "generated-name",
                "KmsKeyId": "key",
                "SecretString": '{"username": "app", "password": "random"}',
            },
        ),
    ]


def test_an_update_makes_a_new_value_only_when_what_makes_it_changed(kind: SecretType, secrets: FakeSecrets) -> None:
    """Another description or tag leaves the value alone."""
    old = {"GenerateSecretString": {}, "Tags": [{"Key": "a", "Value": "1"}]}
    kind.update(ARN, old, {"GenerateSecretString": {}, "Description": "new"})
    kind.update(ARN, old, old | {"GenerateSecretString": {"PasswordLength": 12}})
    assert secrets.calls == [
        ("update_secret", {"SecretId": ARN, "Description": "new"}),
        ("untag_resource", {"SecretId": ARN, "TagKeys": ["a"]}),
        ("get_random_password", {"PasswordLength": 12}),
        ("update_secret", {"SecretId": ARN, "SecretString": "random"}),
    ]


@pytest.mark.parametrize(
    ("properties", "complaint"),
    [
        ({"SecretString": "x", "GenerateSecretString": {}}, "both SecretString and GenerateSecretString"),
        ({"GenerateSecretString": {"SecretStringTemplate": "{}"}}, "needs a GenerateStringKey"),
        ({"GenerateSecretString": {"SecretStringTemplate": "[]", "GenerateStringKey": "k"}}, "must be a JSON object"),
        ({"GenerateSecretString": {"Length": 3}}, "unknown properties: Length"),
    ],
)
def test_what_cloudformation_refuses_is_refused(kind: SecretType, properties: dict[str, Any], complaint: str) -> None:
    """No secret is made of properties that contradict each other."""
    with pytest.raises(ValueError, match=complaint):
        kind.create("any", properties)


def test_replicas_are_said_not_to_be_made(kind: SecretType) -> None:
    """There is one region: what a template asks of others is listed."""
    assert kind.not_emulated({"ReplicaRegions": [{"Region": "eu-central-1"}]}) == "replicas in other regions"
    assert not kind.not_emulated({})
