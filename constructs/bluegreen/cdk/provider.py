"""What drives the releases of a stack: a function that looks and acts, and a state machine that calls it to the end."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from aws_cdk import Aws, RemovalPolicy, Stack
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as stepfunctions
from constructs import Construct

from ._arns import Arns
from ._functions import small_function
from ._names import computed_name
from ._state_machine import release_definition
from .secret_strings import refuse_literal_secret_strings

if TYPE_CHECKING:
    from .deployment import Application, Deployment

_SINGLETON = "BlueGreenReleaseProvider"
STEP_SECONDS = 60
"""How long one step of the function may take: about twelve calls, each bounded by its client."""


class ReleaseProvider(Construct):
    """Drives every release of one stack; there is one in each stack, see `of`.

    Attributes:
        function: The function that answers CloudFormation and takes each step of a release.
        log_group: Where it says what it saw and decided.
        state_machine: Calls it again and again until the release has ended, for longer than a function may run.
        role: What the function may do; it grows with each service.
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

    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        stack = Stack.of(self)
        refuse_literal_secret_strings(stack)
        self.arns = Arns.of(stack)
        # The function starts the state machine and the state machine calls the function: one has to know the other's
        # name before it exists.
        name = computed_name(self, max_length=80)
        state_machine_arn = self.arns.colon("states", "stateMachine", name)
        self._names: set[tuple[str, str]] = set()
        self._grants = _Grants()
        self._grants.add("states:StartExecution", on=[state_machine_arn])
        self._grants.add(
            # These take a deployment's id, and AWS's references disagree on whether they can be narrowed to a group:
            # a role that cannot stop a deployment is worse than one that could stop a neighbour's.
            "codedeploy:StopDeployment",
            "codedeploy:ContinueDeployment",
            "codedeploy:ListDeploymentTargets",
            "codedeploy:BatchGetDeploymentTargets",
            "elasticloadbalancing:DescribeListeners",  # has no narrower resource
            on=["*"],
        )
        self.log_group = logs.LogGroup(
            self, "LogGroup", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
        )
        self._grants.add("logs:CreateLogStream", "logs:PutLogEvents", on=[self.log_group.log_group_arn])
        self.role = iam.Role(
            self,
            "Role",
            description="Drives the releases of one stack",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            inline_policies={"Releases": self._grants.document},
        )
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

    def serve(
        self,
        *,
        application: "Application",
        deployment: "Deployment",
        cluster_name: str,
        service_name: str,
        log_groups: Sequence[logs.ILogGroup],
    ) -> None:
        """Let the function drive the releases of one more service.

        Args:
            application: The service's CodeDeploy application.
            deployment: Its deployment group.
            cluster_name: Its cluster.
            service_name: Its ECS service.
            log_groups: Where its hooks write.
        """
        group, app = [application.deployment_group_arn], [application.arn]
        add, arns = self._grants.add, self.arns
        add("codedeploy:CreateDeployment", "codedeploy:GetDeployment", "codedeploy:ListDeployments", on=group)
        add("codedeploy:GetApplicationRevision", "codedeploy:RegisterApplicationRevision", on=app)
        add("codedeploy:GetDeploymentConfig", on=[deployment.config_arn])
        add("ecs:DescribeServices", on=[arns.slash("ecs", "service", f"{cluster_name}/{service_name}")])
        add("ecs:DescribeTasks", on=[arns.slash("ecs", "task", f"{cluster_name}/*")])
        self._grants.add_listing_of_tasks(arns.slash("ecs", "cluster", cluster_name))
        if log_groups:
            add("logs:FilterLogEvents", on=[log_group.log_group_arn for log_group in log_groups])

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

    def _state_machine(self, name: str) -> stepfunctions.CfnStateMachine:
        role = iam.Role(
            self,
            "StateMachineRole",
            description="Calls the function that drives the releases of one stack",
            assumed_by=iam.ServicePrincipal(
                "states.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}}
            ),
            inline_policies={
                "Releases": iam.PolicyDocument(
                    statements=[
                        iam.PolicyStatement(actions=["lambda:InvokeFunction"], resources=[self.function.function_arn])
                    ]
                )
            },
        )
        return stepfunctions.CfnStateMachine(
            self,
            "StateMachine",
            state_machine_name=name,
            state_machine_type="STANDARD",
            role_arn=role.role_arn,
            definition=release_definition(self.function.function_arn, step_seconds=STEP_SECONDS),
        )


class _Grants:
    """A statement for each set of actions, whose resources grow: a role has 10,240 characters for all services."""

    def __init__(self) -> None:
        self.document = iam.PolicyDocument()
        self._statements: dict[tuple[str, ...], iam.PolicyStatement] = {}
        self._resources: dict[tuple[str, ...], set[str]] = {}
        self._clusters: list[str] = []

    def add(self, *actions: str, on: Sequence[str]) -> None:
        """Allow actions on more resources."""
        if actions not in self._statements:
            self._statements[actions] = iam.PolicyStatement(actions=list(actions))
            self.document.add_statements(self._statements[actions])
            self._resources[actions] = set()
        if further := [resource for resource in on if resource not in self._resources[actions]]:
            self._statements[actions].add_resources(*further)
            self._resources[actions].update(further)

    def add_listing_of_tasks(self, cluster_arn: str) -> None:
        """Allow to list the tasks of one more cluster, which is no resource of that action but its condition."""
        if cluster_arn in self._clusters:
            return
        self._clusters.append(cluster_arn)
        self.add("ecs:ListTasks", on=["*"])
        listing = self._statements["ecs:ListTasks",]
        listing.add_condition("ArnEquals", {"ecs:cluster": list(self._clusters)})  # takes the place of the shorter list
