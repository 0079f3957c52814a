"""How often a canary runs, where, and what it leaves; the same for as many canaries as one likes."""

from dataclasses import dataclass

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_synthetics as synthetics

from bluegreen.cdk.watching import Severity
from bluegreen.cdk.watching.define_alert import RUNBOOKS

RUNTIME = "syn-python-selenium-14.0"
"""The newest of Synthetics' Python runtimes in November 2026, on Python 3.12. On an old one AWS lets canaries run, but
makes no new ones."""
START_SECONDS = 20
"""What is left for the runtime's own work beside the requests."""
_LONGEST_RUN_SECONDS = 840
_LONGEST_PAUSE_MINUTES = 60


@dataclass(frozen=True, kw_only=True)
class InVpc:
    """Where a canary runs that must reach something internal.

    Args:
        vpc: The VPC; it needs a way to AWS's APIs: NAT, or endpoints of S3, CloudWatch, its logs and Secrets Manager.
        security_group: The canary's group; what it calls must let it in.
        subnets: The VPC's private subnets with egress when omitted.
    """

    vpc: ec2.IVpc
    security_group: ec2.ISecurityGroup
    subnets: ec2.SubnetSelection | None = None

    def to_property(self) -> synthetics.CfnCanary.VPCConfigProperty:
        """Return it as the canary's template states it."""
        chosen = self.subnets or ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        found = self.vpc.select_subnets(
            subnet_type=chosen.subnet_type, subnets=chosen.subnets, subnet_group_name=chosen.subnet_group_name
        )
        return synthetics.CfnCanary.VPCConfigProperty(
            vpc_id=self.vpc.vpc_id,
            subnet_ids=found.subnet_ids,
            security_group_ids=[self.security_group.security_group_id],
        )


@dataclass(frozen=True, kw_only=True)
class CanarySettings:
    """What canaries have in common. AWS charges each run: every 5 minutes are 8,640 a month.

    Args:
        every_minutes: How often it runs, 1-60 minutes.
        slow_seconds: How long runs may take on average, the runtime's own work included, before the alert `Slow`; above
            0, and no longer than a run may take.
        severity: How urgent it is when runs fail.
        artifacts: Where each run leaves its log. `JourneyArtifacts.of` the stack when omitted.
        log_retention: How long CloudWatch keeps the log. A month when omitted.
        key: What the log is encrypted with. CloudWatch's own key when omitted.
        in_vpc: Where it runs, for what only a VPC can reach. Outside any VPC when omitted.
        runtime: Synthetics' Python runtime; the newest that this version of the library knows when omitted.
        runbooks: Where the runbooks are, as a URL or a path; the sections are `journey-failing` and `journey-slow`.

    Raises:
        ValueError: If a value is out of range.

    Example:
        >>> CanarySettings(every_minutes=15).longest_seconds
        840
    """

    every_minutes: int = 5
    slow_seconds: float = 10
    severity: Severity = Severity.CRITICAL
    artifacts: s3.IBucket | None = None
    log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH
    key: kms.IKey | None = None
    in_vpc: InVpc | None = None
    runtime: str = RUNTIME
    runbooks: str = RUNBOOKS

    def __post_init__(self) -> None:
        minutes = self.every_minutes
        if isinstance(minutes, bool) or not isinstance(minutes, int) or not 1 <= minutes <= _LONGEST_PAUSE_MINUTES:
            raise ValueError(f"every_minutes must be 1-{_LONGEST_PAUSE_MINUTES}, got {minutes!r}")
        if not 0 < self.slow_seconds <= self.longest_seconds:
            raise ValueError(
                f"slow_seconds must be above 0 and at most {self.longest_seconds}, which is how long a run may take, "
                f"got {self.slow_seconds!r}"
            )
        if not self.runtime.startswith("syn-python-selenium-"):
            raise ValueError(
                f'runtime must be one for Python, such as "{RUNTIME}", got {self.runtime!r}; the handler is Python'
            )

    @property
    def longest_seconds(self) -> int:
        """How long a run may take, so that it ends before the next one."""
        return min(60 * self.every_minutes, _LONGEST_RUN_SECONDS)

    @property
    def schedule(self) -> str:
        """The schedule as Synthetics writes it."""
        return f"rate({self.every_minutes} minute{'s' if self.every_minutes > 1 else ''})"
