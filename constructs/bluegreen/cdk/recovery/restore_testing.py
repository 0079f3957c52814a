"""Restore tests on a schedule: AWS Backup restores a recovery point, the drill's check judges what came of it."""

from collections.abc import Sequence

from aws_cdk import aws_backup as backup
from aws_cdk import aws_iam as iam
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._principals import BACKUPS

from .backup_rule import require_range
from .recovery_drill import RecoveryDrill

_POLICY = "AWSBackupServiceRolePolicyForRestores"


class RestoreTesting(Construct):
    """Has AWS Backup restore a recovery point of the drill's database every week, and proves what came of it.

    Args:
        scope: The drill's stack.
        construct_id: Its name there.
        drill: Whose check judges, by the same tables and percentages; how old the recovery point may be is
            `RecoveryObjectives.test_point_hours`.
        vaults: ARNs of the vaults that hold the recovery points.
        schedule: When, in UTC; Wednesdays at 9, after the daily backup, when omitted.
        random: Whether any recovery point of the last `window_days` is taken; the latest when omitted.
        window_days: How old it may be, 1-365 days.
        validation_hours: How long AWS Backup waits for the verdict before it deletes what it restored, 1-168 hours.

    Attributes:
        plan: The restore testing plan.
        role: What AWS Backup acts as.

    Raises:
        ValueError: If a value is out of range, or there is no vault.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        drill: RecoveryDrill,
        vaults: Sequence[str],
        schedule: str = "cron(0 9 ? * WED *)",
        random: bool = False,
        window_days: int = 7,
        validation_hours: int = 4,
    ) -> None:
        super().__init__(scope, construct_id)
        require_range("window_days", window_days, 1, 365)
        require_range("validation_hours", validation_hours, 1, 168)
        if not vaults:
            raise ValueError("vaults must name where the recovery points are, got none; pass that of Backups")
        self.plan = backup.CfnRestoreTestingPlan(
            self,
            "Plan",
            restore_testing_plan_name=_underscored(self),
            schedule_expression=schedule,
            start_window_hours=1,
            recovery_point_selection=backup.CfnRestoreTestingPlan.RestoreTestingRecoveryPointSelectionProperty(
                algorithm="RANDOM_WITHIN_WINDOW" if random else "LATEST_WITHIN_WINDOW",
                include_vaults=list(vaults),
                recovery_point_types=["SNAPSHOT", "CONTINUOUS"],
                selection_window_days=window_days,
            ),
        )
        self.role = _role(self, drill)
        backup.CfnRestoreTestingSelection(
            self,
            "Selection",
            restore_testing_plan_name=self.plan.ref,
            restore_testing_selection_name="database",
            protected_resource_type="RDS",
            protected_resource_arns=[drill.database.arn],
            iam_role_arn=self.role.role_arn,
            validation_window_hours=validation_hours,
            restore_metadata_overrides={
                "dbSubnetGroupName": drill.subnet_group_name,
                "vpcSecurityGroupIds": f'["{drill.security_group.security_group_id}"]',
                "multiAz": "false",
            },
        )
        drill.hear(
            "RestoredByBackup",
            "Has what a restore test restored checked",
            {
                "source": ["aws.backup"],
                "detail-type": ["Restore Job State Change"],
                "detail": {
                    "restoreTestingPlanArn": [self.plan.attr_restore_testing_plan_arn],
                    "status": ["COMPLETED", "FAILED", "ABORTED"],
                },
            },
        )


def _role(scope: Construct, drill: RecoveryDrill) -> iam.Role:
    role = iam.Role(
        scope,
        "Role",
        description="Restores recovery points to test them",
        assumed_by=BACKUPS,
        managed_policies=[iam.ManagedPolicy.from_aws_managed_policy_name(f"service-role/{_POLICY}")],
    )
    if key := drill.database.key:
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey"], resources=[key.key_arn]
            )
        )
    policy = f"arn:<AWS::Partition>:iam::aws:policy/service-role/{_POLICY}"
    reason = "AWS adds to it what restores of new kinds need; tests would fail with a copy of today's"
    acknowledge(role, {f"AwsSolutions-IAM4[Policy::{policy}]": reason})
    return role


def _underscored(scope: Construct) -> str:
    """Return a name as restore testing plans have it: letters, digits and underscores."""
    return computed_name(scope, max_length=50).replace("-", "_")
