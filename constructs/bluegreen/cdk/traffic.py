"""What stands before the tasks: the load balancer, its listeners, and the two target groups that take turns."""

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from aws_cdk import Annotations, Fn, IResolvable, Stack
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct, IDependable

from ._acknowledge import acknowledge
from ._durations import minutes
from ._frozen import frozen_target_group
from ._given_listeners import Listeners
from ._listener_properties import listener_properties
from .response_headers import ResponseHeaders

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from .deployed_state import DeployedState

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
        blue: The target group that serves production first.
        green: The other target group. The two swap roles at each release.
        target_group_arns: The ARNs of blue and green.
        target_group_names: Their names.
        target_group_full_names: Their names as metrics spell them, "targetgroup/name/id".
        ports: Scheme and ports of the listeners.
        given_listener_arns: The ARNs of a given production and a given test listener; empty when they are its own.
        listener_properties: What the listeners state beside their target groups, whenever the stack is synthesized.
        production_listener: Where users come in. This and what follows is there from `listen` on. A certificate, TLS
            policy, attribute or rule of it can change at any time; change nothing by `add_property_override` and its
            like, which the CDK shows to nobody: CloudFormation would then write the weights of an earlier deploy.
        test_listener: Where hooks reach the candidate; closed to everybody whom `allow_test_traffic` did not let in.
        listener_arns: The ARNs of the production and of the test listener.
    """

    production_listener: elbv2.IApplicationListener
    test_listener: elbv2.IApplicationListener
    listener_arns: tuple[str, str]

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        ports: Ports,
        certificate: acm.ICertificate | None,
        load_balancer: elbv2.IApplicationLoadBalancer | None,
        listeners: Listeners | None,
        public: bool,
        deletion_protection: bool,
        response_headers: ResponseHeaders,
    ) -> None:
        super().__init__(scope, construct_id)
        self.ports = ports
        self._response_headers = response_headers
        self._certificates = [certificate] if certificate else None
        self._public = public
        self._owned = None if load_balancer else self._own_load_balancer(vpc, protected=deletion_protection)
        balancer = load_balancer or self._owned
        assert balancer is not None  # noqa: S101 - one of the two was given; mypy cannot see it
        self.load_balancer: elbv2.IApplicationLoadBalancer = balancer
        self.load_balancer_full_name = (
            self._owned.load_balancer_full_name if self._owned else _full_name(balancer.load_balancer_arn)
        )
        vpc_id = vpc.vpc_id
        groups = [frozen_target_group(self, colour, vpc_id=vpc_id) for colour in ("Blue", "Green")]
        self.target_group_arns = (groups[0].ref, groups[1].ref)
        self.target_group_names = (groups[0].attr_target_group_name, groups[1].attr_target_group_name)
        self.target_group_full_names = (groups[0].attr_target_group_full_name, groups[1].attr_target_group_full_name)
        self._given = listeners
        self.given_listener_arns = [listener.listener_arn for listener in listeners or ()]
        self._made: dict[str, elbv2.ApplicationListener] = {}
        self.listener_properties: Mapping[str, Any] | IResolvable = (
            {"Production": {"Port": ports.production}, "Test": {"Port": ports.test}}
            if listeners
            else listener_properties(Stack.of(self), lambda: self._made)
        )

    def listen(self, deployed_state: "DeployedState") -> None:
        """Define the listeners, or take the given ones. Called once.

        Args:
            deployed_state: Knows the weights that the listeners have.
        """
        production, test = self._given or self._own_listeners(deployed_state)
        self.production_listener, self.test_listener = production, test
        self.listener_arns = (production.listener_arn, test.listener_arn)

    @property
    def load_balancer_security_groups(self) -> "Sequence[ec2.ISecurityGroup]":
        """The load balancer's security groups."""
        return self.load_balancer.connections.security_groups

    @cached_property
    def blue(self) -> elbv2.IApplicationTargetGroup:
        """The target group that serves production first."""
        return self._reference("BlueReference", self.target_group_arns[0])

    @cached_property
    def green(self) -> elbv2.IApplicationTargetGroup:
        """The other target group. The two swap roles at each release."""
        return self._reference("GreenReference", self.target_group_arns[1])

    @property
    def ways_to_tasks(self) -> "Sequence[IDependable]":
        """What a task waits for before it can become healthy, apart from its own security group."""
        rules: Sequence[IDependable] = self.load_balancer_security_groups
        if not self._owned:  # rules of somebody else's groups may be in another stack, which must not wait for this one
            here = Stack.of(self)
            rules = [group for group in self.load_balancer_security_groups if Stack.of(group) == here]
        return [self.production_listener, self.test_listener, *rules]

    def allow_test_traffic(self, caller: ec2.SecurityGroup) -> None:
        """Let a hook's functions reach the test listener, and these functions reach nothing else of the load balancer.

        Args:
            caller: The functions' security group.
        """
        port = ec2.Port.tcp(self.ports.test)
        for group in self.load_balancer_security_groups:
            # Inside a group of somebody else's, the rule would make its stack wait for this one: there it is separate.
            peer: ec2.IPeer = _written_inside(caller) if self._owned else caller
            group.add_ingress_rule(peer, port, "hooks to the test listener", remote_rule=self._owned is None)
            caller.add_egress_rule(group, port, "to the test listener")

    def allow_to_tasks(self, tasks: ec2.SecurityGroup) -> None:
        """Let the load balancer, and nobody else, reach the tasks.

        On every port: when a version listens on another one, the load balancer needs both until the release is over,
        and the old one again should it be taken back.

        Args:
            tasks: The tasks' security group.
        """
        port = ec2.Port.all_tcp()
        for group in self.load_balancer_security_groups:
            tasks.add_ingress_rule(_written_inside(group), port, "from the load balancer")
            group.add_egress_rule(tasks, port, "to the tasks", remote_rule=True)

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
                    "TargetGroup": full_name,
                },
                statistic="Sum",
                period=minutes(1),
            )
            for colour, full_name in zip(("blue", "green"), self.target_group_full_names, strict=True)
        }
        # FILL, because the idle group reports nothing, and a sum with nothing is nothing.
        expression = "FILL(blue, 0) + FILL(green, 0)"
        return cloudwatch.MathExpression(expression=expression, using_metrics=metrics, label=label, period=minutes(1))

    def _reference(self, construct_id: str, arn: str) -> elbv2.IApplicationTargetGroup:
        reference = elbv2.ApplicationTargetGroup.from_target_group_attributes(
            self, construct_id, target_group_arn=arn, load_balancer_arns=self.load_balancer.load_balancer_arn
        )
        Annotations.of(reference).acknowledge_warning(
            "@aws-cdk/aws-elbv2:albTargetGroupCannotRegisterListener",
            "the tasks let the load balancer in themselves, see allow_to_tasks",
        )
        return reference

    def _own_load_balancer(self, vpc: ec2.IVpc, *, protected: bool) -> elbv2.ApplicationLoadBalancer:
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="The load balancer", allow_all_outbound=False
        )
        if self._public:
            reason = "serving the internet is what it is for; the test listener's port is open to the smoke tests only"
            acknowledge(group, {"AwsSolutions-EC23": reason})
        balancer = elbv2.ApplicationLoadBalancer(
            self,
            "LoadBalancer",
            vpc=vpc,
            security_group=group,
            internet_facing=self._public,
            deletion_protection=protected,
            drop_invalid_header_fields=True,
            desync_mitigation_mode=elbv2.DesyncMitigationMode.STRICTEST,
        )
        if not protected:
            reason = "with it, a first deploy that fails could not be taken back, and the stack not be made again"
            acknowledge(balancer, {"NIST.800.53.R5-ELBDeletionProtectionEnabled": reason})
        return balancer

    def _own_listeners(self, deployed_state: "DeployedState") -> Listeners:
        production = self._listener("ProductionListener", self.ports.production, deployed_state.weights("Production"))
        test = self._listener("TestListener", self.ports.test, deployed_state.weights("Test"), open_to_world=False)
        if self._owned and self._certificates:
            self._redirect_plain_http(after=production)
        self._made.update(Production=production, Test=test)
        return production, test

    def _listener(
        self, construct_id: str, port: int, weights: tuple[float, float], *, open_to_world: bool | None = None
    ) -> elbv2.ApplicationListener:
        # Both groups stay in the action, the idle one at weight 0: only an attached group has its tasks checked, and
        # only then does a release wait for them to be healthy.
        weighted = [
            {"targetGroupArn": arn, "weight": weight}
            for arn, weight in zip(self.target_group_arns, weights, strict=True)
        ]
        listener = elbv2.ApplicationListener(
            self,
            construct_id,
            load_balancer=self.load_balancer,
            port=port,
            protocol=elbv2.ApplicationProtocol.HTTPS if self._certificates else elbv2.ApplicationProtocol.HTTP,
            certificates=self._certificates,
            ssl_policy=TLS_POLICY if self._certificates else None,
            default_action=elbv2.ListenerAction({"type": "forward", "forwardConfig": {"targetGroups": weighted}}),
            open=self._public if open_to_world is None else open_to_world,
        )
        self._set_headers(listener, secure=self._certificates is not None)
        return listener

    def _set_headers(self, listener: elbv2.ApplicationListener, *, secure: bool) -> None:
        for key, value in self._response_headers.attributes(secure=secure).items():
            listener.set_attribute(key, value)

    def _redirect_plain_http(self, *, after: IDependable) -> None:
        redirect = elbv2.ApplicationListener(
            self,
            "RedirectListener",
            load_balancer=self.load_balancer,
            port=80,
            protocol=elbv2.ApplicationProtocol.HTTP,
            default_action=elbv2.ListenerAction.redirect(
                protocol="HTTPS", port=str(self.ports.production), permanent=True
            ),
            open=self._public,
        )
        self._set_headers(redirect, secure=False)
        reason = "all it answers is that the same is to be asked by HTTPS"
        acknowledge(redirect, {"NIST.800.53.R5-ELBv2ACMCertificateRequired": reason})
        # A service that gains a certificate has production on port 80 until its listener has moved.
        redirect.node.add_dependency(after)


def _written_inside(group: ec2.ISecurityGroup) -> ec2.IPeer:
    """Name a security group in a rule that stands in the group it protects: one of its own counts as a resource.

    By its id, because the CDK writes a rule that names the group itself as a resource: two groups that name each other
    would wait for each other for ever. So use this for one direction only.
    """
    # Joined, because the CDK would refuse an id like the "sg-12345" of its own examples, as it refuses none elsewhere.
    return ec2.Peer.security_group_id(Fn.join("", [group.security_group_id]))


def _full_name(load_balancer_arn: str) -> str:
    return Fn.select(1, Fn.split(":loadbalancer/", load_balancer_arn))
