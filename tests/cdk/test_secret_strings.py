"""Secrets whose value stands in the template."""

import aws_cdk as cdk
import pytest
from aws_cdk import SecretValue
from aws_cdk import aws_secretsmanager as secretsmanager

from bluegreen.cdk.plaintext import BY_FORMAT, BY_NAME, why_secret_string
from bluegreen.cdk.secret_strings import refuse_literal_secret_strings


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("hunter2", BY_NAME),
        ("1234", BY_NAME),
        ('["hunter2"]', BY_NAME),
        ('{"username": "orders", "password": "hunter2"}', f"field password: {BY_NAME}"),
        ('{"url": "postgresql://orders:hunter2@db/orders"}', f"field url: {BY_FORMAT}"),
        ('{"username": "orders"}', None),
        ('{"username": "orders", "port": 5432}', None),
        ('{"password": "${Token[TOKEN.1]}"}', None),
        ("${Token[TOKEN.1]}", None),
        ("", None),
    ],
)
def test_a_literal_in_a_secret_is_a_secret(text: str, why: str | None) -> None:
    """A bare literal is one because of where it stands; a JSON object is judged field by field."""
    assert why_secret_string(text) == why


def synthesize(stack: cdk.Stack) -> None:
    """Synthesize the stack's app."""
    app = stack.node.root
    assert isinstance(app, cdk.App)
    app.synth()


def test_synthesis_refuses_literal_secret_strings() -> None:
    """Each is named by its path and never shown, also when it is defined after the check was asked for."""
    stack = cdk.Stack(cdk.App(), "Shop")
    refuse_literal_secret_strings(stack)
    secretsmanager.Secret(stack, "Bare", secret_string_value=SecretValue.unsafe_plain_text("hunter2"))
    fields = {"user": SecretValue.unsafe_plain_text("orders"), "token": SecretValue.unsafe_plain_text("hunter2")}
    secretsmanager.Secret(stack, "Fields", secret_object_value=fields)
    with pytest.raises(RuntimeError) as refusal:
        synthesize(stack)
    assert "Shop/Bare/Resource holds a secret in plain text (its name says that it is one)" in str(refusal.value)
    assert "Shop/Fields/Resource holds a secret in plain text (field token: its name" in str(refusal.value)
    assert "hunter2" not in str(refusal.value)


def test_generated_and_referenced_values_pass() -> None:
    """What Secrets Manager generates, a parameter gives or another secret holds is no literal."""
    stack = cdk.Stack(cdk.App(), "Shop")
    refuse_literal_secret_strings(stack)
    secretsmanager.Secret(stack, "Generated")
    template = secretsmanager.SecretStringGenerator(
        secret_string_template='{"username": "orders"}', generate_string_key="password"
    )
    secretsmanager.Secret(stack, "Templated", generate_secret_string=template)
    parameter = cdk.CfnParameter(stack, "Given", no_echo=True)
    secretsmanager.Secret(stack, "FromParameter", secret_string_value=SecretValue.cfn_parameter(parameter))
    other = SecretValue.secrets_manager("other")
    secretsmanager.Secret(stack, "FromSecret", secret_object_value={"password": other})
    synthesize(stack)
