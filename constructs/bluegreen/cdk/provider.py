"""What drives the releases of a stack: a function that looks and acts, and a state machine that calls it to the end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct, IConstruct

from ._acknowledge import acknowledge, acknowledge_wildcards
from ._arns import Arns
from ._functions import call_by_events, small_function
from ._grants import Grants
from ._log_groups import acknowledge_without_key, let_logs_use
from ._names import computed_name
from ._principals import FUNCTIONS, STATE_MACHINES
from ._stack_tags import refuse_stack_tags
from ._state_machine import release_definition
from .deployment import ALL_AT_ONCE
from .secret_strings import refuse_literal_secret_strings

if TYPE_CHECKING:
    from .deployment import Application, Deployment
    from .traffic import Traffic

_SINGLETON = "BlueGreenReleaseProvider"
_LONGEST_SECONDS = 7 * 24 * 3600
"""What a release that is handed on may take: two waits of two days each, which is CodeDeploy's longest, and more."""
_SERVICES_A_POLICY = 2
"""A policy has 6,144 characters, too few for three services with a hook at every step; a role has ten policies."""
_MEANT = {
    "AwsSolutions-IAM5[Resource::*]": "what follows, continues or stops a deployment takes no resource, nor does "
    "DescribeListeners; what starts one names its deployment group",
    "AwsSolutions-SF1": "Step Functions keeps a standard execution's history for 90 days, and the function logs steps",
    "AwsSolutions-SF2": "it calls one function again and again with a pause; there is no path to trace",
    "NIST.800.53.R5-LambdaConcurrency": "its calls follow one another a release; a limit could hold up a way back",
    "NIST.800.53.R5-LambdaDLQ": "CloudFormation and the state machine see a call that fails, and act on it",
    "NIST.800.53.R5-LambdaInsideVPC": "it talks to AWS's APIs only; a network would be one more thing to fail",
}
_UNBOUND_ACTIONS = (
    # AWS's references disagree on whether these can be narrowed to a deployment group: a role that cannot stop a
    # deployment is worse than one that could stop a neighbour's.
    "codedeploy:StopDeployment",
    "codedeploy:ContinueDeployment",
    # These have no narrower resource, or, as composite alarms, are shown only to those who may see all.
    "elasticloadbalancing:DescribeTargetGroups",
    "elasticloadbalancing:DescribeTargetGroupAttributes",
    "application-autoscaling:DescribeScalableTargets",
    "cloudwatch:DescribeAlarms",
)
STEP_SECONDS = 60
"""How long one step of the function may take: about twelve calls, each bounded by its client."""


class ReleaseProvider(Construct):
    """Drives every release of one stack; there is one in each stack, see `of`.

    The function's role comes first and can do what Custom::DeployedState needs: that resource is there before listeners
    and services are. What names those is in policies of their own, for which each release waits.

    Attributes:
        function: The function that answers CloudFormation and takes each step of a release.
        log_group: Where it says what it saw and decided.
        state_machine: Calls it again and again until the release has ended, for longer than a function may run.
        role: What the function may do.
        backstop: Tells the function of every deployment that ended, so that scale-in is resumed whatever else failed.
        arns: Writes the ARNs of the stack's resources.
    """

    @classmethod
    def of(cls, scope: Construct) -> "ReleaseProvider":
        """Return the provider of the scope's stack, made at the first call.

        Args:
            scope: Any construct of the stack.

        Returns:
            The provider.
        """
        stack = Stack.of(scope)
        found = stack.node.try_find_child(_SINGLETON)
        return cast("ReleaseProvider", found) if found else cls(stack, _SINGLETON)

    def __init__(self, stack: Stack, construct_id: str) -> None:
        super().__init__(stack, construct_id)
        refuse_literal_secret_strings(stack)
        refuse_stack_tags(stack)
        self.arns = Arns.of(stack)
        # The function starts the state machine and the state machine calls the function: one has to know the other's
        # name before it exists.
        name = computed_name(self, max_length=80)
        state_machine_arn = self.arns.colon("states", "stateMachine", name)
        self._names: set[tuple[str, str]] = set()
        self._applications: list[str] = []
        self._policies: list[iam.ManagedPolicy] = []
        self._grants: list[Grants] = []
        self._served = 0
        self._early = Grants()
        self._early.add("states:StartExecution", on=[state_machine_arn])
        self._early.add("cloudformation:DescribeStacks", on=[Aws.STACK_ID])
        self._early.add(
            "codedeploy:ListDeploymentTargets",
            "codedeploy:BatchGetDeploymentTargets",
            "elasticloadbalancing:DescribeListeners",
            on=["*"],  # none has a narrower resource, or AWS's references disagree on whether it has
        )
        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self._early.add("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn])
        self.role = iam.Role(
            self,
            "Role",
            description="Drives the releases of one stack",
            assumed_by=FUNCTIONS,
        )
        self._rendered_role = cast("iam.CfnRole", self.role.node.default_child)
        self.function = small_function(
            self,
            "Function",
            family="release",
            handler="handler.handle",
            description=f"Drives the releases of {stack.node.path}",
            timeout_seconds=STEP_SECONDS,
            role=self.role,
            log_group=self.log_group,
            environment={"BLUEGREEN_STATE_MACHINE_ARN": state_machine_arn},
        )
        self.state_machine = self._state_machine(name)
        self.backstop, self._backstop_permission = call_by_events(
            self,
            "Backstop",
            self.function,
            description="Resumes scale-in after a deployment, whatever became of who suspended it",
            pattern=_ended_deployments(self._applications),
        )
        acknowledge(self, _MEANT)

    def encrypt_log(self, key: kms.IKey | None) -> None:
        """Encrypt the function's log with the key of a service; the first one that has a key decides.

        Args:
            key: The key, if the service has one.
        """
        group = cast("logs.CfnLogGroup", self.log_group.node.default_child)
        if key is None:
            acknowledge_without_key(self.log_group)
        elif not group.kms_key_id:
            let_logs_use(key)
            group.kms_key_id = key.key_arn

    def know(self, application: "Application", given_listener_arns: Sequence[str]) -> None:
        """Let the function tell the state of one more service, before its listeners are there.

        Args:
            application: The service's CodeDeploy application.
            given_listener_arns: The listeners that others own and the function connects with the service.
        """
        group = [application.deployment_group_arn]
        read = ("codedeploy:BatchGetDeployments", "codedeploy:GetDeployment", "codedeploy:ListDeployments")
        self._early.add(*read, on=group)
        if given_listener_arns:
            self._early.add("elasticloadbalancing:ModifyListener", on=given_listener_arns)
        self._write_early()
        self._applications.append(application.name)
        self.backstop.event_pattern = _ended_deployments(self._applications)

    def serve(
        self,
        *,
        application: "Application",
        deployment: "Deployment",
        traffic: "Traffic",
        cluster_name: str,
        service_name: str,
        log_groups: Sequence[logs.ILogGroup],
        notifications: sns.ITopic | None,
    ) -> Sequence[IConstruct]:
        """Let the function drive the releases of one more service.

        Args:
            application: The service's CodeDeploy application.
            deployment: Its deployment group.
            traffic: Its listeners and target groups.
            cluster_name: Its cluster.
            service_name: Its ECS service.
            log_groups: Where its hooks write.
            notifications: Where the function says what nobody waits for; nowhere when None.

        Returns:
            What the service's release needs beside the function, and does not refer to.
        """
        grants, arns = self._next_grants(), self.arns
        add = grants.add
        # UpdateDeploymentGroup is asked for by a deployment that overrides the group's alarms.
        deploy = ("codedeploy:CreateDeployment", "codedeploy:GetDeploymentGroup", "codedeploy:UpdateDeploymentGroup")
        add(*deploy, on=[application.deployment_group_arn])
        add("codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision", on=[application.arn])
        way_back = arns.colon("codedeploy", "deploymentconfig", ALL_AT_ONCE)
        add("codedeploy:GetDeploymentConfig", on=[deployment.config_arn, way_back])
        service_arn = arns.slash("ecs", "service", f"{cluster_name}/{service_name}")
        add("ecs:DescribeServices", "ecs:UpdateService", on=[service_arn])
        tasks = arns.slash("ecs", "task", f"{cluster_name}/*")
        add("ecs:DescribeTasks", on=[tasks])
        acknowledge_wildcards(self, {tasks: "failed tasks have ids that nobody knows before; they are only read"})
        grants.add_listing_of_tasks(arns.slash("ecs", "cluster", cluster_name))
        modify_group = ("elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:ModifyTargetGroupAttributes")
        add(*modify_group, on=traffic.target_group_arns)
        add("elasticloadbalancing:ModifyListener", on=traffic.listener_arns)
        if log_groups:
            add("logs:FilterLogEvents", on=[log_group.log_group_arn for log_group in log_groups])
        if notifications:
            add("sns:Publish", on=[notifications.topic_arn])
            if key := notifications.master_key:
                add("kms:Decrypt", "kms:GenerateDataKey", on=[key.key_arn])
        self._write_services()
        policies = (self._policies[0], self._policies[-1])
        return [self.state_machine, *policies, self.backstop, self._backstop_permission]

    def claim_name(self, cluster: ecs.ICluster, service_name: str | None) -> None:
        """Refuse a name that another service of the stack has in the same cluster.

        Args:
            cluster: The service's cluster.
            service_name: The service's name; None, which CloudFormation makes, is never taken.

        Raises:
            ValueError: If the name is taken.
        """
        if service_name is None:
            return
        key = (cluster.cluster_arn, service_name)
        if key in self._names:
            raise ValueError(
                f"service_name must be unique in its cluster, got {service_name!r} twice; "
                "name one of the services differently, or omit the name"
            )
        self._names.add(key)

    def outlive_cloudformation(self) -> None:
        """Let the state machine follow a release for days, for a service whose rollout does not fit the hour."""
        self.state_machine.definition = release_definition(
            self.function.function_arn, step_seconds=STEP_SECONDS, longest_seconds=_LONGEST_SECONDS
        )

    def _next_grants(self) -> Grants:
        """Return the grants of one more service: what names all services of a stack does not fit into one policy."""
        if self._served % _SERVICES_A_POLICY == 0:
            self._grants.append(Grants())
        grants = self._grants[-1]
        if self._served == 0:
            grants.add(*_UNBOUND_ACTIONS, on=["*"])
            # A scalable target's id is made by AWS.
            targets = self.arns.slash("application-autoscaling", "scalable-target", "*")
            grants.add("application-autoscaling:RegisterScalableTarget", on=[targets])
            acknowledge_wildcards(self, {targets: "AWS makes a scalable target's id, and no attribute tells it"})
        self._served += 1
        return grants

    def _write_early(self) -> None:
        """Write what the role allows from the beginning, again with each service that the function knows."""
        policy = iam.CfnRole.PolicyProperty(policy_name="Releases", policy_document=self._early.document())
        self._rendered_role.policies = [policy]

    def _write_services(self) -> None:
        """Write the last grants into a policy of their own, or once more into the one that they have."""
        document = self._grants[-1].document()
        if len(self._policies) == len(self._grants):
            cast("iam.CfnManagedPolicy", self._policies[-1].node.default_child).policy_document = document
            return
        policy = iam.ManagedPolicy(
            self,
            f"Services{len(self._grants)}",
            description="Drives the releases of some services of one stack",
            document=document,
            roles=[self.role],
        )
        self._policies.append(policy)

    def _state_machine(self, name: str) -> stepfunctions.CfnStateMachine:
        grants, function_arn = Grants(), self.function.function_arn
        grants.add("lambda:InvokeFunction", on=[function_arn])
        role = iam.Role(
            self,
            "StateMachineRole",
            description="Calls the function that drives the releases of one stack",
            assumed_by=STATE_MACHINES,
            inline_policies={"Releases": grants.document()},
        )
        return stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=release_definition(function_arn, step_seconds=STEP_SECONDS),
        )


def _ended_deployments(applications: Sequence[str]) -> dict[str, object]:
    return {
        "source": ["aws.codedeploy"],
        "detail-type": ["CodeDeploy Deployment State-change Notification"],
        "detail": {"state": ["SUCCESS", "FAILURE", "STOP"], "application": list(applications)},
    }
