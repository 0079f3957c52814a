"""What stands before the tasks: the load balancer, its listeners, and the two target groups that take turns."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Duration, Fn
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from ._peers import InlinePeer
from .health_check import HealthCheck

if TYPE_CHECKING:
    from collections.abc import Sequence

TLS_POLICY = elbv2.SslPolicy.TLS13_12_RES_PQ
"""TLS 1.3 and 1.2, forward secrecy and authenticated encryption only, post-quantum key exchange where offered."""


@dataclass(frozen=True, kw_only=True)
class Ports:
    """Where a service is reached: its scheme, and the ports of the production and of the test listener."""

    scheme: str
    production: int
    test: int

    @classmethod
    def choose(cls, *, secure: bool, production: int | None, test: int | None) -> "Ports":
        """Return the given ports, else 443 and 8443 with TLS, 80 and 8080 without.

        Raises:
            ValueError: If a port is not 1-65535, or both are the same.
        """
        chosen = cls(
            scheme="https" if secure else "http",
            production=(443 if secure else 80) if production is None else production,
            test=(8443 if secure else 8080) if test is None else test,
        )
        for name, port in (("production_port", chosen.production), ("test_port", chosen.test)):
            if not 1 <= port <= 65535:  # noqa: PLR2004 - TCP's range
                raise ValueError(f"{name} must be 1-65535, got {port}")
        if chosen.production == chosen.test:
            raise ValueError(f"production_port and test_port must differ, got {chosen.test} for both")
        return chosen


class Traffic(Construct):
    """The load balancer's side of one service.

    Attributes:
        load_balancer: The given load balancer, else one of the service's own.
        load_balancer_full_name: Its name as metrics and network interfaces spell it, "app/name/id".
        production_listener: Where users come in.
        test_listener: Where hooks reach the candidate; closed to everybody whom `allow_test_traffic` did not let in.
        blue: The target group that serves production first.
        green: The other target group. The two swap roles at each release.
        ports: Scheme and ports of the listeners.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        ports: Ports,
        container_port: int,
        health_check: HealthCheck,
        deregistration_seconds: int,
        certificate: acm.ICertificate | None,
        load_balancer: elbv2.IApplicationLoadBalancer | None,
        public: bool,
    ) -> None:
        super().__init__(scope, construct_id)
        self.ports = ports
        self._certificates = [certificate] if certificate else None
        owned = None if load_balancer else self._own_load_balancer(vpc, public=public)
        balancer = load_balancer or owned
        assert balancer is not None  # noqa: S101 - one of the two was given; mypy cannot see it
        self.load_balancer: elbv2.IApplicationLoadBalancer = balancer
        self.load_balancer_full_name = (
            owned.load_balancer_full_name if owned else _full_name(balancer.load_balancer_arn)
        )
        deregistration_delay, rendered_check = Duration.seconds(deregistration_seconds), health_check.render()
        self.blue, self.green = (
            elbv2.ApplicationTargetGroup(
                self,
                colour,
                vpc=vpc,
                port=container_port,
                protocol=elbv2.ApplicationProtocol.HTTP,
                target_type=elbv2.TargetType.IP,
                deregistration_delay=deregistration_delay,
                health_check=rendered_check,
            )
            for colour in ("Blue", "Green")
        )
        self.production_listener = self._listener("ProductionListener", ports.production, open_to_world=public)
        self.test_listener = self._listener("TestListener", ports.test, open_to_world=False)
        if owned and certificate:
            self._redirect_plain_http(open_to_world=public)

    @property
    def load_balancer_security_groups(self) -> "Sequence[ec2.ISecurityGroup]":
        """The load balancer's security groups."""
        return self.load_balancer.connections.security_groups

    def allow_test_traffic(self, caller: ec2.SecurityGroup) -> None:
        """Let a hook's functions reach the test listener, and these functions reach nothing else of the load balancer.

        Args:
            caller: The functions' security group.
        """
        port = ec2.Port.tcp(self.ports.test)
        for group in self.load_balancer_security_groups:
            group.add_ingress_rule(InlinePeer(caller), port, "hooks to the test listener")
            caller.add_egress_rule(group, port, "to the test listener")

    def allow_to_tasks(self, tasks: ec2.SecurityGroup, container_port: int) -> None:
        """Let the load balancer, and nobody else, reach the tasks.

        Args:
            tasks: The tasks' security group.
            container_port: The port on which they listen.
        """
        port = ec2.Port.tcp(container_port)
        for group in self.load_balancer_security_groups:
            tasks.add_ingress_rule(InlinePeer(group), port, "from the load balancer")
            group.add_egress_rule(tasks, port, "to the tasks")
            # Nothing refers to the rule, but no task becomes healthy without it; what waits for listeners waits for it.
            self.production_listener.node.add_dependency(group)

    def metric_sum(self, name: str, label: str) -> cloudwatch.MathExpression:
        """Return a metric summed over both target groups, whichever of them is live.

        Args:
            name: The metric's name in AWS/ApplicationELB, one that is counted for each target group.
            label: What to call the sum.

        Returns:
            The sum, by the minute.
        """
        metrics = {
            colour: cloudwatch.Metric(
                namespace="AWS/ApplicationELB",
                metric_name=name,
                dimensions_map={
                    "LoadBalancer": self.load_balancer_full_name,
                    "TargetGroup": group.target_group_full_name,
                },
                statistic="Sum",
                period=Duration.minutes(1),
            )
            for colour, group in (("blue", self.blue), ("green", self.green))
        }
        # FILL, because the idle group reports nothing, and a sum with nothing is nothing.
        expression = "FILL(blue, 0) + FILL(green, 0)"
        return cloudwatch.MathExpression(
            expression=expression, using_metrics=metrics, label=label, period=Duration.minutes(1)
        )

    def _own_load_balancer(self, vpc: ec2.IVpc, *, public: bool) -> elbv2.ApplicationLoadBalancer:
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="The load balancer", allow_all_outbound=False
        )
        return elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            security_group=group,
            internet_facing=public,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
        )

    def _listener(self, construct_id: str, port: int, *, open_to_world: bool) -> elbv2.ApplicationListener:
        # Both groups stay in the action, the idle one at weight 0: only an attached group has its tasks checked, and
        # only then does a release wait for them to be healthy.
        weighted = [
            elbv2.WeightedTargetGroup(target_group=self.blue, weight=100),
            elbv2.WeightedTargetGroup(target_group=self.green, weight=0),
        ]
        return elbv2.ApplicationListener(
            self,
            construct_id,
            load_balancer=self.load_balancer,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS if self._certificates else elbv2.ApplicationProtocol.HTTP,
            certificates=self._certificates,
            ssl_policy=TLS_POLICY if self._certificates else None,
            default_action=elbv2.ListenerAction.weighted_forward(weighted),
            open=open_to_world,
        )

    def _redirect_plain_http(self, *, open_to_world: bool) -> None:
        elbv2.ApplicationListener(
            self,
            "RedirectListener",
            load_balancer=self.load_balancer,
            port=80,
            protocol=elbv2.ApplicationProtocol.HTTP,
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(self.ports.production), permanent=True
            ),
            open=open_to_world,
        )


def _full_name(load_balancer_arn: str) -> str:
    return Fn.select(1, Fn.split(":loadbalancer/", load_balancer_arn))
