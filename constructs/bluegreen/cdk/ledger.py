"""Where the releases of a stack write down what they did to shared things, and who may touch them now."""

from typing import cast

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_dynamodb as dynamodb
from constructs import Construct

from ._acknowledge import acknowledge

_SINGLETON = "BlueGreenReleaseLedger"


class ReleaseLedger(Construct):
    """A DynamoDB table with what every release did to a database, and the lease of the one that may touch it now.

    All services that migrate one database must write into one ledger: it is what keeps them one after another. It
    outlives its stack, because what was done to a database is still true then; a stack that is made again for the same
    database should be given the table that the one before left.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        table: A table to use instead of an own one, with the string keys `pk` and `sk`. One of the ledger's own when
            omitted: paid by the request, encrypted, restorable to any moment of the last 35 days, and retained.

    Attributes:
        table: The table.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> ReleaseLedger.of(stack) is ReleaseLedger.of(stack)
        True
    """

    @classmethod
    def of(cls, scope: Construct) -> "ReleaseLedger":
        """Return the ledger of the scope's stack, made at the first call.

        Args:
            scope: Any construct of the stack, or of one nested in it: nested stacks share their outermost one's.

        Returns:
            The ledger.
        """
        stack = Stack.of(scope)
        while parent := stack.nested_stack_parent:
            stack = parent
        found = stack.node.try_find_child(_SINGLETON)
        return cast("ReleaseLedger", found) if found else cls(stack, _SINGLETON)

    def __init__(self, scope: Construct, construct_id: str, *, table: dynamodb.ITable | None = None) -> None:
        super().__init__(scope, construct_id)
        self.table = table or self._own_table()

    def _own_table(self) -> dynamodb.Table:
        table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            encryption=dynamodb.TableEncryption.AWS_MANAGED,
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            # The table of a stack that was never created holds nothing, and would be left over at every attempt.
            removal_policy=RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
        )
        reason = "its point-in-time recovery reaches back 35 days; without it a release has lost its history, no data"
        acknowledge(table, {"NIST.800.53.R5-DynamoDBInBackupPlan": reason})
        return table
