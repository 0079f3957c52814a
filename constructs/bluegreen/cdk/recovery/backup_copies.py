"""Where the copies of another region's backups are kept."""

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._durations import days
from bluegreen.cdk.watching import Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from .backup_rule import VaultLock
from .vault import define_vault


class BackupCopies(Construct):
    """A vault for copies in a second region. Deploy it before the `Backups` that copy into it.

    Args:
        scope: A stack in the second region.
        construct_id: Its name there.
        vault_name: What `Backups(copies_vault=…)` calls it, 2-50 letters, digits, `-` and `_`: the stacks are in two
            regions, so that only a name that both know joins them.
        key: What encrypts the copies, of this region; AWS Backup's own when omitted. The snapshot of an encrypted
            instance is encrypted anew with it when it arrives.
        lock: What keeps copies from being deleted; nothing when omitted. Every rule whose backups are copied must fit.
        runbooks: Where the alert says that help is written.

    Attributes:
        vault: The vault; it is retained when the stack goes.
        alerts: No copy arrived for two days.

    Raises:
        ValueError: If the name is none that AWS Backup takes.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Abroad")
        >>> BackupCopies(stack, "Copies", vault_name="shop-copies").vault.backup_vault_name
        'shop-copies'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vault_name: str,
        key: kms.IKey | None = None,
        lock: VaultLock | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        self.vault = define_vault(self, vault_name, key=key, lock=lock)
        arrived = cloudwatch.Metric(
            namespace="AWS/Backup",
            metric_name="NumberOfRecoveryPointsCompleted",
            dimensions_map={"BackupVaultName": self.vault.ref},
            statistic="Sum",
            period=days(1),
        )
        self.alerts = (
            define_alert(
                self,
                "CopyMissing",
                says="Copies from the other region that arrived in a day",
                severity=Severity.WARNING,
                runbook=f"{runbooks}#backups",
                metric=arrived,
                threshold=1,
                evaluation_periods=2,
                comparison=cloudwatch.ComparisonOperator.LESS_THAN_THRESHOLD,
                missing=cloudwatch.TreatMissingData.BREACHING,
            ),
        )
