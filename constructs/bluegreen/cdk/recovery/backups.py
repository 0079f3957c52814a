"""The backups of an environment: a vault, a plan, and the alerts that say when one is missing."""

from collections.abc import Mapping, Sequence

from aws_cdk import Aws, Stack, Token
from aws_cdk import aws_backup as backup
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._durations import hours
from bluegreen.cdk._names import computed_name
from bluegreen.cdk._principals import BACKUPS
from bluegreen.cdk.watching import Alert, Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS, define_alert

from .backup_rule import BackupRule, VaultLock
from .vault import define_vault, require_vault_name

DEFAULT_RULES = (BackupRule.daily(), BackupRule.weekly(), BackupRule.monthly())
"""Every day for 35 days, every week for 90, every month for a year."""


class Backups(Construct):
    """Makes backups of what is named or tagged, keeps them where nobody can delete them, and copies them abroad.

    Args:
        scope: The stack with the data.
        construct_id: Its name there.
        resources: ARNs of what is backed up. None when omitted; then `tags` must say it.
        tags: What is backed up besides: everything in the account and region that has one of these tags. Nothing when
            omitted.
        rules: When, and how long backups are kept; `DEFAULT_RULES` when omitted.
        vault_name: 2-50 letters, digits, `-` and `_`. The stack's name with a part of its id when omitted.
        key: What encrypts the vault, and may be used for the backups of what it encrypts; AWS Backup's own key when
            omitted.
        lock: What keeps backups from being deleted; nothing when omitted. Every rule must fit it.
        copy_to_region: The region that copies go to, where `BackupCopies` has made the vault already. Nowhere when
            omitted.
        copies_vault: That vault's name. Required with `copy_to_region`.
        runbooks: Where the alerts say that help is written.

    Attributes:
        vault: The vault; it is retained when the stack goes.
        plan: The plan.
        role: What AWS Backup acts as.
        alerts: A backup failed; a copy failed, when there are any.

    Raises:
        ValueError: If nothing is backed up, rules have one name or do not fit the lock, or the copies' region or vault
            is missing or is this region.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> lock = VaultLock.governance(min_days=7, max_days=365)
        >>> backups = Backups(stack, "Backups", tags={"backup": "yes"}, lock=lock)
        >>> len(backups.alerts)
        1
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        resources: Sequence[str] = (),
        tags: Mapping[str, str] | None = None,
        rules: Sequence[BackupRule] = DEFAULT_RULES,
        vault_name: str | None = None,
        key: kms.IKey | None = None,
        lock: VaultLock | None = None,
        copy_to_region: str | None = None,
        copies_vault: str | None = None,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        _require_something(resources, tags)
        _require_rules(rules, lock)
        _require_copies(self, copy_to_region, copies_vault)
        self.vault = define_vault(self, vault_name, key=key, lock=lock)
        self._vault_name = self.vault.ref
        destination = (
            f"arn:{Aws.PARTITION}:backup:{copy_to_region}:{Aws.ACCOUNT_ID}:backup-vault:{copies_vault}"
            if copy_to_region
            else None
        )
        self.plan = backup.CfnBackupPlan(
            self,
            "Plan",
            backup_plan=backup.CfnBackupPlan.BackupPlanResourceTypeProperty(
                backup_plan_name=computed_name(self, max_length=50),
                backup_plan_rule=[_rule(one, self._vault_name, destination) for one in rules],
            ),
        )
        self.role = _role(self, "Role", key)
        _select(self, self.plan, self.role, resources, tags or {})
        self.alerts: Sequence[Alert] = self._alerts(runbooks, copies=copy_to_region is not None)

    def _alerts(self, runbooks: str, *, copies: bool) -> tuple[Alert, ...]:
        """Alert of what failed. That backups stopped altogether shows in a restore test: its recovery point is old."""
        watched = {"Backup": "Backups that failed, expired or were aborted"}
        if copies:
            watched["Copy"] = "Copies to the other region that failed"
        return tuple(
            define_alert(
                self,
                f"{kind}JobsFailed",
                says=says,
                severity=Severity.WARNING,
                runbook=f"{runbooks}#backups",
                metric=self._failed(kind),
                threshold=0,
            )
            for kind, says in watched.items()
        )

    def _failed(self, kind: str) -> cloudwatch.IMetric:
        if kind == "Copy":
            return self._metric("NumberOfCopyJobsFailed")
        ends = ("Failed", "Expired", "Aborted")
        return cloudwatch.MathExpression(
            expression=" + ".join(f"FILL({end.lower()}, 0)" for end in ends),
            using_metrics={end.lower(): self._metric(f"NumberOfBackupJobs{end}") for end in ends},
            label="failed",
            period=hours(1),
        )

    def _metric(self, name: str) -> cloudwatch.Metric:
        return cloudwatch.Metric(
            namespace="AWS/Backup",
            metric_name=name,
            dimensions_map={"BackupVaultName": self._vault_name},
            statistic="Sum",
            period=hours(1),
        )


def _rule(rule: BackupRule, vault: str, destination: str | None) -> backup.CfnBackupPlan.BackupRuleResourceTypeProperty:
    lifecycle = backup.CfnBackupPlan.LifecycleResourceTypeProperty(delete_after_days=rule.keep_days)
    copies = rule.copy and destination is not None
    return backup.CfnBackupPlan.BackupRuleResourceTypeProperty(
        rule_name=rule.name,
        target_backup_vault=vault,
        schedule_expression=rule.schedule,
        start_window_minutes=rule.start_within_minutes,
        completion_window_minutes=rule.done_within_minutes,
        enable_continuous_backup=rule.continuous or None,
        lifecycle=lifecycle,
        copy_actions=[
            backup.CfnBackupPlan.CopyActionResourceTypeProperty(
                destination_backup_vault_arn=str(destination), lifecycle=lifecycle
            )
        ]
        if copies
        else None,
    )


def _role(scope: Construct, construct_id: str, key: kms.IKey | None) -> iam.Role:
    role = iam.Role(
        scope,
        construct_id,
        description="Makes, copies and deletes backups",
        assumed_by=BACKUPS,
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AWSBackupServiceRolePolicyForBackup")
        ],
    )
    policy = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
    reason = "AWS adds to it what new kinds of backups need; a copy of today's would break them"
    acknowledge(role, {f"AwsSolutions-IAM4[Policy::{policy}]": reason})
    if key:
        key.grant(role, "kms:DescribeKey", "kms:Decrypt", "kms:GenerateDataKey", "kms:ReEncryptFrom", "kms:ReEncryptTo")
    return role


def _select(
    scope: Construct,
    plan: backup.CfnBackupPlan,
    role: iam.Role,
    resources: Sequence[str],
    tags: Mapping[str, str],
) -> None:
    backup.CfnBackupSelection(
        scope,
        "Selection",
        backup_plan_id=plan.ref,
        backup_selection=backup.CfnBackupSelection.BackupSelectionResourceTypeProperty(
            selection_name="data",
            iam_role_arn=role.role_arn,
            resources=list(resources) or None,
            list_of_tags=[
                backup.CfnBackupSelection.ConditionResourceTypeProperty(
                    condition_type="STRINGEQUALS", condition_key=name, condition_value=value
                )
                for name, value in tags.items()
            ]
            or None,
        ),
    )


def _require_something(resources: Sequence[str], tags: Mapping[str, str] | None) -> None:
    if not resources and not tags:
        raise ValueError("resources or tags must say what is backed up, got neither; name the database's ARN")


def _require_rules(rules: Sequence[BackupRule], lock: VaultLock | None) -> None:
    names = [rule.name for rule in rules]
    if not names or len(set(names)) < len(names):
        raise ValueError(f"rules must be at least one, each with a name of its own, got {names}")
    if lock:
        for rule in rules:
            lock.require_fits(rule)


def _require_copies(scope: Construct, region: str | None, vault: str | None) -> None:
    if (region is None) != (vault is None):
        raise ValueError(
            f"copy_to_region and copies_vault must be given together, got {region!r} and {vault!r}; BackupCopies in "
            "the other region names its vault"
        )
    if vault is not None:
        require_vault_name(vault)
    own = Stack.of(scope).region
    if region is not None and not Token.is_unresolved(own) and region == own:
        raise ValueError(f"copy_to_region must be another than the stack's, got {region!r}; what hits one hits both")
