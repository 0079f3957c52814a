"""An ECS Fargate service whose every `cdk deploy` is a release that can be taken back."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import jsii
from aws_cdk import aws_applicationautoscaling as applicationautoscaling
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_ecs as ecs
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sns as sns
from constructs import Construct

from bluegreen.release.observation import WhenBusy
from bluegreen.release.rollout import Rollout

from ._capacity import require_fargate_capacity, warn_about_spot
from ._frozen import frozen_service
from ._given_listeners import require_owned, require_usable
from ._names import computed_name
from ._network import TaskNetwork
from ._plan import outlives_cloudformation, warn_about
from ._require import require_free_id, require_range
from .container import Container
from .deployed_state import DeployedState
from .deployment import Application, Deployment
from .health_check import HealthCheck
from .hooks import Hook, bind_hooks
from .ignored_alarms import IgnoredAlarms
from .provider import ReleaseProvider
from .release import Release, ReleaseSettings
from .response_headers import ResponseHeaders
from .rollback import RollbackPolicy
from .scaling import Scaling
from .sidecars.sidecar import Sidecar
from .task import Task
from .traffic import Ports, Traffic

if TYPE_CHECKING:
    from .exec_command import ExecCommand

DEFAULT_ROLLOUT = Rollout.canary(percent=10, bake_minutes=15)


@jsii.implements(ec2.IConnectable, iam.IGrantable)
class BlueGreenService(Construct):
    """A Fargate service behind a load balancer, released by CodeDeploy with a way back at every step.

    A `cdk deploy` that changes what runs (image, version, environment, secrets, size, …) starts the new version beside
    the live one, checks it through the test listener, moves the traffic as `rollout` says, and takes it back when an
    alarm of `rollback` fires or a hook refuses. It returns when production is wholly on the new version. Any other
    change starts no release.

    Grants go to the application's role (`task_role`); `connections` are the tasks' own, those of the load balancer are
    `load_balancer.connections`.

    Args:
        scope: The stack or construct that it belongs to.
        construct_id: Its name there.
        cluster: Where the tasks run; its VPC is the service's.
        image: What runs, best pinned to a tag or digest that never moves.
        container_port: The port on which the container answers plain HTTP, 1-65535.
        version: What people call this version, 1-128 characters. The image's tag or the beginning of its digest when
            omitted, "unversioned" when neither is known at synth.
        service_name: The ECS service's name, which can never change. CloudFormation makes one when omitted.
        certificate: Makes both listeners HTTPS, and port 80 of an own load balancer redirect there. Plain HTTP when
            omitted.
        domain_name: The name that users call and the certificate is for; smoke tests verify it.
        public: Whether the load balancer faces the internet and lets everybody reach production. Otherwise it is
            internal and lets in whom `load_balancer.connections` allows. An own load balancer can never change this.
        load_balancer: A load balancer to share; its production and test ports must be free. One of the service's own
            when omitted. It can never change, nor can `cluster` and its VPC; a deploy that tries is refused before
            anything else has changed.
        production_listener: A listener to use instead of an own one, imported, with `load_balancer`, `test_listener`
            and both ports; it must not forward to target groups yet. Its owner must leave its default action alone.
            `certificate` then only says that both listeners are HTTPS.
        test_listener: The same for the test listener.
        production_port: 443 with a certificate, else 80, when omitted.
        test_port: 8443 with a certificate, else 8080, when omitted. Open to the service's hooks only.
        deletion_protection: Whether an own load balancer refuses to be deleted, with the stack as well: turn it off in
            one deploy, delete in the next. Not for a first deploy, which could not be taken back when it fails.
        response_headers: Security headers of both own listeners' answers. When omitted, HTTPS for a year at least with
            a certificate, and no guessing of content types.
        health_check: How the load balancer checks a task; path and statuses hold from the next release on, because
            the live version may not know them. GET / every 30 s when omitted.
        deregistration_seconds: How long a task that leaves may finish its requests, 0-3600 seconds.
        grace_seconds: How long ECS leaves a new task alone that fails its health checks, 0-7200 seconds.
        start_minutes: How long a version's tasks may take to become healthy before its release is given up, 1-50.
        cpu: CPU units of a task; 1024 are one virtual CPU.
        memory_mib: Memory of a task in MiB, one that Fargate offers with `cpu`.
        environment: Plain variables. One that looks like a secret is refused.
        secrets: Variables that ECS reads from Secrets Manager or the Parameter Store when a task starts.
        allowed_plaintext: For each variable that looks like a secret and is none, the reason.
        container: How the container runs: command, user, file system, stop timeout. Strict when omitted.
        sidecars: Containers beside the application's, see `bluegreen.cdk.sidecars`. None when omitted.
        exec_command: Lets people run commands in the containers, recorded; the cluster must have its configuration.
            Nobody can when omitted. Whether it is given can never change.
        log_group: Where the container writes. One of the service's own when omitted, which outlives the stack.
        log_retention: How long an own log group keeps what is written. One month when omitted.
        log_encryption_key: The key of own log groups, the hooks' too; AWS's own key when omitted.
        task_role: What the application may do. An own role that may do nothing yet when omitted.
        execution_role: What ECS may do to start a task. An own role with what image, secrets and log need when omitted.
        subnets: Where the tasks run, from the next release on. The VPC's private subnets with egress when omitted.
        security_groups: Security groups of the tasks beside the service's own.
        assign_public_ip: Whether tasks get public addresses, which they need in public subnets.
        platform_version: The Fargate platform of each release.
        capacity_providers: FARGATE and FARGATE_SPOT, which the cluster must have, and how tasks are shared between
            them, from the next release on. FARGATE when omitted.
        rollout: How traffic moves. A canary of 10 % for 15 minutes when omitted, the previous version kept for an hour.
        rollback: What turns a release back. Error rate, latency and unhealthy targets when omitted.
        ignore_red_alarms: Lets one version be released although alarms are red, and says why. None is when omitted.
        when_busy: What a deploy does when another release is under way: waits for it, within limits, or stops it.
        notifications: Where a release tells what nobody waits for: that it awaits approval, and its outcome when it
            outlives the deploy. Needed for a rollout that takes longer than CloudFormation waits.
        scaling: How many tasks. Two to four, by CPU and memory, when omitted.
        hooks: What migrates the database before a release and checks it at its steps, one for each lifecycle event at
            most. Nothing when omitted.

    Attributes:
        cluster: The cluster.
        cluster_name: Its name.
        task: Task definition, container, roles and log.
        traffic: Load balancer, listeners and target groups.
        deployed_state: What the stack knows of the service that runs.
        ports: Scheme and ports of the listeners.
        domain_name: As given.
        notifications: As given.
        log_encryption_key: As given.
        network: Where a release starts tasks.
        security_group: The tasks' own security group, which never changes.
        ecs_service: The ECS service. Never change its properties: CloudFormation could not apply it.
        application: The CodeDeploy application.
        deployment: The deployment group, its configuration and role.
        alarms: What stops a release.
        scalable_target: The number of tasks.
        hooks: The hooks' functions and log groups, in the order in which they run.
        provider: What drives the releases of the stack.
        release: The resource that a deploy waits for.

    Raises:
        ValueError: If a value is out of range, a variable looks like a secret, two services have one name, two hooks
            have one lifecycle event, listeners are given that cannot be used, or the rollout takes too long without
            `notifications`.

    Example:
        >>> import aws_cdk as cdk
        >>> from aws_cdk import aws_ec2 as ec2, aws_ecs as ecs
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> cluster = ecs.Cluster(stack, "Cluster", vpc=ec2.Vpc(stack, "Vpc"))
        >>> image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
        >>> BlueGreenService(stack, "Orders", cluster=cluster, image=image, container_port=8080).version
        '2.4'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        cluster: ecs.ICluster,
        image: ecs.ContainerImage,
        container_port: int,
        version: str | None = None,
        service_name: str | None = None,
        certificate: acm.ICertificate | None = None,
        domain_name: str | None = None,
        public: bool = True,
        load_balancer: elbv2.IApplicationLoadBalancer | None = None,
        production_listener: elbv2.IApplicationListener | None = None,
        test_listener: elbv2.IApplicationListener | None = None,
        production_port: int | None = None,
        test_port: int | None = None,
        deletion_protection: bool = False,
        response_headers: ResponseHeaders | None = None,
        health_check: HealthCheck | None = None,
        deregistration_seconds: int = 30,
        grace_seconds: int = 120,
        start_minutes: int = 15,
        cpu: int = 256,
        memory_mib: int = 512,
        environment: Mapping[str, str] | None = None,
        secrets: Mapping[str, ecs.Secret] | None = None,
        allowed_plaintext: Mapping[str, str] | None = None,
        container: Container | None = None,
        sidecars: Sequence[Sidecar] = (),
        exec_command: "ExecCommand | None" = None,
        log_group: logs.ILogGroup | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.ONE_MONTH,
        log_encryption_key: kms.IKey | None = None,
        task_role: iam.IRole | None = None,
        execution_role: iam.IRole | None = None,
        subnets: ec2.SubnetSelection | None = None,
        security_groups: Sequence[ec2.ISecurityGroup] = (),
        assign_public_ip: bool = False,
        platform_version: str = "LATEST",
        capacity_providers: Sequence[ecs.CapacityProviderStrategy] = (),
        rollout: Rollout | None = None,
        rollback: RollbackPolicy | None = None,
        ignore_red_alarms: IgnoredAlarms | None = None,
        when_busy: WhenBusy = WhenBusy.WAIT,
        notifications: sns.ITopic | None = None,
        scaling: Scaling | None = None,
        hooks: Sequence[Hook] = (),
    ) -> None:
        require_free_id(scope, construct_id)
        require_range("container_port", container_port, 1, 65535)
        require_range("deregistration_seconds", deregistration_seconds, 0, 3600)
        require_range("grace_seconds", grace_seconds, 0, 7200)
        require_range("start_minutes", start_minutes, 1, 50, known=True)
        require_fargate_capacity(capacity_providers)
        listeners = require_usable(
            production_listener,
            test_listener,
            load_balancer=load_balancer,
            production_port=production_port,
            test_port=test_port,
        )
        require_owned(
            deletion_protection=deletion_protection and load_balancer is not None,
            response_headers=response_headers is not None and listeners is not None,
        )
        super().__init__(scope, construct_id)
        warn_about_spot(self, capacity_providers, deregistration_seconds)
        self.cluster = cluster
        vpc, self.cluster_name = cluster.vpc, cluster.cluster_name  # each look at them crosses into Node
        self.domain_name = domain_name
        self.notifications = notifications
        self.log_encryption_key = log_encryption_key
        self.container_port = container_port
        self.ports = Ports.choose(secure=certificate is not None, production=production_port, test=test_port)
        self.provider = ReleaseProvider.of(self)
        self.provider.claim_name(cluster, service_name)
        self.provider.encrypt_log(log_encryption_key)
        self.task = Task(
            self,
            "Task",
            image=image,
            container_port=container_port,
            version=version,
            cpu=cpu,
            memory_mib=memory_mib,
            environment=environment or {},
            secrets=secrets or {},
            allowed_plaintext=allowed_plaintext or {},
            container=container or Container(),
            log_group=log_group,
            log_retention=log_retention,
            log_encryption_key=log_encryption_key,
            task_role=task_role,
            execution_role=execution_role,
            sidecars=sidecars,
        )
        self._can_be_entered = exec_command is not None
        if exec_command:
            exec_command.bind(self.task, cluster)
        self.traffic = Traffic(
            self,
            "Traffic",
            vpc=vpc,
            ports=self.ports,
            certificate=certificate,
            load_balancer=load_balancer,
            listeners=listeners,
            public=public,
            deletion_protection=deletion_protection,
            response_headers=response_headers or ResponseHeaders(),
        )
        self.security_group = ec2.SecurityGroup(self, "SecurityGroup", vpc=vpc, description="The tasks")
        self.traffic.allow_to_tasks(self.security_group)
        self.network = TaskNetwork.choose(
            vpc,
            subnets,
            [self.security_group, *security_groups],
            assign_public_ip=assign_public_ip,
            platform_version=platform_version,
        )
        self.application = Application(self, "Application", arns=self.provider.arns)
        self.deployed_state = self._define_deployed_state(vpc, service_name)
        self.traffic.listen(self.deployed_state)
        self.ecs_service = self._define_ecs_service(service_name)
        self.service_name = self.ecs_service.attr_name
        self.hooks, self._needs_of_hooks = bind_hooks(self, hooks)
        plan, policy, tasks = rollout or DEFAULT_ROLLOUT, rollback or RollbackPolicy(), scaling or Scaling()
        warn_about(self, plan, policy)
        self.alarms = self._bind_rollback(policy)
        self._alarm_names = [alarm.alarm_name for alarm in self.alarms]
        self.scalable_target = self._bind_scaling(tasks)
        self.deployment = self._define_deployment(plan)
        settings = ReleaseSettings(
            rollout=plan,
            health_check=health_check or HealthCheck(),
            deregistration_seconds=deregistration_seconds,
            grace_seconds=grace_seconds,
            start_minutes=start_minutes,
            min_tasks=tasks.min_tasks,
            capacity_providers=capacity_providers,
            ignore_red_alarms=ignore_red_alarms,
            when_busy=when_busy,
            notifications=notifications,
            hands_on=outlives_cloudformation(plan, self.hooks, start_minutes, notifications),
        )
        self.release = self._define_release(settings)

    @property
    def version(self) -> str:
        """What people call the version that this stack asks for."""
        return self.task.version

    @property
    def load_balancer(self) -> elbv2.IApplicationLoadBalancer:
        """The load balancer."""
        return self.traffic.load_balancer

    @property
    def connections(self) -> ec2.Connections:
        """The tasks' network connections."""
        port = ec2.Port.tcp(self.container_port)
        return ec2.Connections(security_groups=[self.security_group], default_port=port)

    @property
    def grant_principal(self) -> iam.IPrincipal:
        """The application's role: what is granted to the service is granted to it."""
        return self.task.task_role.grant_principal

    def metric_requests(self) -> cloudwatch.MathExpression:
        """Return the requests of both versions, by the minute."""
        return self.traffic.metric_sum("RequestCount", "requests")

    def metric_server_errors(self) -> cloudwatch.MathExpression:
        """Return the answers with a status of 500-599 from tasks of both versions, by the minute."""
        return self.traffic.metric_sum("HTTPCode_Target_5XX_Count", "server errors")

    def _define_deployed_state(self, vpc: ec2.IVpc, service_name: str | None) -> DeployedState:
        self.provider.know(self.application, self.traffic.given_listener_arns)
        return DeployedState(
            self,
            "DeployedState",
            provider=self.provider,
            application_name=self.application.name,
            fixed={
                "Cluster": self.cluster_name,
                "ServiceName": service_name or "",
                "LoadBalancer": self.load_balancer.load_balancer_arn,
                "Vpc": vpc.vpc_id,
                **({"ExecuteCommand": "enabled"} if self._can_be_entered else {}),
            },
            network=self.network,
            container_port=self.container_port,
            traffic=self.traffic,
        )

    def _define_ecs_service(self, service_name: str | None) -> ecs.CfnService:
        traffic = self.traffic
        return frozen_service(
            self,
            "Service",
            cluster=self.cluster,
            service_name=service_name,
            family=self.task.family,
            target_group_arn=traffic.target_group_arns[0],
            deployed_state=self.deployed_state,
            # A target group has no health checks, and ECS refuses it, until a listener sends it traffic; and no task
            # becomes healthy until the load balancer may reach it.
            after=[self.task.task_definition, self.security_group, *traffic.ways_to_tasks],
            enable_execute_command=self._can_be_entered,
        )

    def _bind_rollback(self, policy: RollbackPolicy) -> Sequence[cloudwatch.IAlarm]:
        return policy.bind(
            Construct(self, "Rollback"),
            name_prefix=computed_name(self, max_length=200),
            load_balancer_full_name=self.traffic.load_balancer_full_name,
            target_group_full_names=self.traffic.target_group_full_names,
            cluster_name=self.cluster_name,
            service_name=self.service_name,
        )

    def _bind_scaling(self, scaling: Scaling) -> applicationautoscaling.ScalableTarget:
        return scaling.bind(
            Construct(self, "Scaling"),
            self,
            target_group_full_names=self.traffic.target_group_full_names,
            load_balancer_full_name=self.traffic.load_balancer_full_name,
        )

    def _define_deployment(self, rollout: Rollout) -> Deployment:
        return Deployment(
            self,
            "Deployment",
            arns=self.provider.arns,
            application=self.application,
            cluster_name=self.cluster_name,
            service_name=self.service_name,
            traffic=self.traffic,
            task=self.task,
            rollout=rollout,
            alarm_names=self._alarm_names,
            hooks=self.hooks,
        )

    def _define_release(self, settings: ReleaseSettings) -> Release:
        needs = self.provider.serve(
            application=self.application,
            deployment=self.deployment,
            traffic=self.traffic,
            cluster_name=self.cluster_name,
            service_name=self.service_name,
            log_groups=[hook.log_group for hook in self.hooks],
            notifications=settings.notifications,
        )
        if settings.hands_on:
            self.provider.outlive_cloudformation()
        release = Release(
            self,
            "Release",
            service=self,
            cluster_name=self.cluster_name,
            network=self.network,
            alarm_names=self._alarm_names,
            hooks=self.hooks,
            settings=settings,
        )
        # Beside what it refers to, a release needs these; and what is made last goes first.
        roles = (self.task.task_role, self.task.execution_role)
        release.node.add_dependency(*needs, *roles, *self._needs_of_hooks)
        if settings.capacity_providers:
            release.wait_for_capacity(self.cluster)
        # A new scalable target raises the service to its minimum at once, before the target groups know their health
        # check: the first tasks would pass one that nobody asked for. So the release starts them, and is first.
        self.scalable_target.node.add_dependency(release)
        return release
