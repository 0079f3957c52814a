"""ARNs put together from names, for what does not exist yet or would have to wait for its user."""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

from aws_cdk import Aws, Stack


@dataclass(frozen=True)
class Arns:
    """Writes ARNs of one stack's resources; it asks the stack once, because each question crosses into Node.

    Args:
        partition: The stack's partition.
        region: Its region.
        account: Its account.
    """

    partition: str
    region: str
    account: str

    @classmethod
    def of(cls, stack: Stack) -> "Arns":
        """Return what writes the ARNs of a stack."""
        if stack not in _asked:
            _asked[stack] = cls(stack.partition, stack.region, stack.account)
        return _asked[stack]

    def colon(self, service: str, resource: str, name: str) -> str:
        """Return an ARN of the form `arn:…:service:region:account:resource:name`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}:{name}"

    def slash(self, service: str, resource: str, name: str) -> str:
        """Return an ARN of the form `arn:…:service:region:account:resource/name`."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}/{name}"


_asked: WeakKeyDictionary[Stack, Arns] = WeakKeyDictionary()

OWN = Arns(Aws.PARTITION, Aws.REGION, Aws.ACCOUNT_ID)
"""Writes ARNs of whichever stack states them, by pseudo parameters even if the stack's region is known."""
