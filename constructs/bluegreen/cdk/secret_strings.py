"""Refuses secrets whose value stands in the template, where everyone who may read the stack can read it."""

import jsii
from aws_cdk import Stack
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import IValidation

from .plaintext import why_secret_string


def refuse_literal_secret_strings(stack: Stack) -> None:
    """Have synthesis fail when a secret of the stack is given its value literally.

    Generated values, parameters and references to other secrets pass, and so does a JSON object without a field that
    looks like a secret, such as a user's name. Call it once a stack.

    Args:
        stack: The stack; its nested stacks are not looked at.
    """
    stack.node.add_validation(_LiteralSecretStrings(stack))


@jsii.implements(IValidation)
class _LiteralSecretStrings:
    """Looks at the end, because a secret may be defined after the service that uses it."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack

    def validate(self) -> list[str]:
        """Return one message for each literal, without its value."""
        found = []
        for construct in self._stack.node.find_all():
            if isinstance(construct, secretsmanager.CfnSecret) and Stack.of(construct) == self._stack:
                why = why_secret_string(construct.secret_string or "")
                if why:
                    found.append(
                        f"{construct.node.path} holds a secret in plain text ({why}): whoever reads the template sees "
                        "it; let Secrets Manager generate the value, or create the secret outside and import it"
                    )
        return found
