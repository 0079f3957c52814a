"""The alerts of a service: what hurts its users now, and what will."""

from collections.abc import Iterable, Mapping, Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from bluegreen.cdk.service import BlueGreenService

from ._service_metrics import metric_of, watched
from ._service_rules import Rule, degrading, hurting, threatening
from .alert import Alert, Severity
from .define_alert import RUNBOOKS, define_alert, define_composite_alert
from .service_limits import ServiceLimits


class ServiceAlerts(Construct):
    """Every alert rule of a service, each with a severity and a runbook.

    Both versions are watched alike, since blue and green swap roles with every release, and a failed request means what
    it means to the rollback alarms. Nothing here stops a release: that is what `RollbackPolicy` is for. Alerts on one
    trouble are joined, so that it is told once: `users_are_hurt` is raised while any critical rule is, and `degraded`
    while some users notice; the latter tells nobody while users are hurt.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        service: The service.
        limits: The figures; `ServiceLimits()` when omitted.
        load_balancer_errors: Whether requests that were never answered count; switch it off when other services share
            the load balancer, which alone knows them.
        runbooks: Where the runbooks are, a path or URL without anchor; docs/runbooks.md when omitted.

    Attributes:
        alerts: What is to be told: `users_are_hurt`, `degraded`, and the warnings that stand for themselves.
        users_are_hurt: Raised while any critical rule is.
        degraded: Raised while requests fail or are slow beyond the lower limits; quiet while users are hurt.
        rules: Every rule's own alert by its id, for dashboards and composites; those that `users_are_hurt` and
            `degraded` join tell nobody by themselves.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
        >>> image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
        >>> service = BlueGreenService(stack, "Orders", cluster=cluster, image=image, container_port=8080)
        >>> alerts = ServiceAlerts(stack, "Alerts", service=service, limits=ServiceLimits(latency_p99_ms=800))
        >>> [alert.severity.value for alert in alerts.alerts]
        ['critical', 'warning', 'warning', 'warning', 'warning']
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        service: BlueGreenService,
        limits: ServiceLimits | None = None,
        load_balancer_errors: bool = True,
        runbooks: str = RUNBOOKS,
    ) -> None:
        super().__init__(scope, construct_id)
        self._runbooks = runbooks
        self._release = service.release
        watch, figures = watched(service), limits or ServiceLimits()
        hurt = self._define(hurting(watch, figures, load_balancer_errors=load_balancer_errors))
        noticed = self._define(degrading(watch, figures, load_balancer_errors=load_balancer_errors))
        rest = self._define(threatening(watch, figures))
        self.rules: Mapping[str, Alert] = {**hurt, **noticed, **rest}
        self.users_are_hurt = define_composite_alert(
            self,
            "UsersAreHurt",
            says="Users are hurt: their requests fail or take too long",
            severity=Severity.CRITICAL,
            runbook=f"{runbooks}#users-are-hurt",
            any_of=list(hurt.values()),
        )
        self.degraded = define_composite_alert(
            self,
            "Degraded",
            says="Some users notice: requests fail or are slow beyond the lower limits",
            severity=Severity.WARNING,
            runbook=f"{runbooks}#degraded",
            any_of=list(noticed.values()),
            unless=self.users_are_hurt,
        )
        self.alerts: Sequence[Alert] = [self.users_are_hurt, self.degraded, *rest.values()]

    def _define(self, rules: Iterable[Rule]) -> dict[str, Alert]:
        return {rule.id: self._define_one(rule) for rule in rules}

    def _define_one(self, rule: Rule) -> Alert:
        comparisons, missing = cloudwatch.ComparisonOperator, cloudwatch.TreatMissingData
        alert = define_alert(
            self,
            rule.id,
            says=rule.says,
            severity=rule.severity,
            runbook=f"{self._runbooks}#{rule.section}",
            metric=metric_of(rule.arithmetic, minutes=rule.window.period_minutes),
            threshold=rule.limit,
            evaluation_periods=rule.window.evaluation_periods,
            datapoints_to_alarm=rule.window.datapoints_to_alarm,
            comparison=comparisons.LESS_THAN_THRESHOLD if rule.below else comparisons.GREATER_THAN_THRESHOLD,
            missing=missing.BREACHING if rule.silence_is_wrong else missing.NOT_BREACHING,
            period_minutes=rule.window.period_minutes,
        )
        if rule.silence_is_wrong:
            # Until the first release has succeeded, it is silent, and nobody misses it.
            alert.alarm.node.add_dependency(self._release)
        return alert
