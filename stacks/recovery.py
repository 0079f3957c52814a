"""What proves that an environment's database can be recovered."""

from typing import TYPE_CHECKING

from constructs import Construct

from bluegreen.cdk import BlueGreenService
from bluegreen.cdk.recovery import DataChecks, RecoveryDrill, RestoreTesting

from .environments import Environment

if TYPE_CHECKING:
    from .data_stack import DataStack


def prove_recovery(
    scope: Construct, environment: Environment, *, service: BlueGreenService, data: "DataStack"
) -> RecoveryDrill:
    """Define the drill, and the weekly test of a recovery point.

    Args:
        scope: The service's stack.
        environment: How long logs are kept.
        service: Whose image looks into the databases.
        data: Whose database is recovered, from the backups there.

    Returns:
        The drill.
    """
    drill = RecoveryDrill(
        scope,
        "Recovery",
        service=service,
        database=data.database,
        checks=DataChecks(tables=["orders"], newest=["orders.created_at"]),
        log_retention=environment.log_retention,
    )
    RestoreTesting(scope, "RestoreTesting", drill=drill, vaults=[data.backups.vault.attr_backup_vault_arn])
    return drill
