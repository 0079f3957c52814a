"""What cdk-nag's AwsSolutions pack finds in a stack, and why it is meant so. A reason speaks of one finding alone."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from aws_cdk import Acknowledgment, CfnResource, Validations
from constructs import Construct, IConstruct

if TYPE_CHECKING:
    from .service_stack import ServiceStack

_STATE_MACHINES = {
    "SF1": "Step Functions keeps a standard execution's history for 90 days, and the function logs steps",
    "SF2": "it calls one function again and again with a pause; there is no path to trace",
}


def acknowledge_service_findings(stack: "ServiceStack") -> None:
    """Acknowledge what is meant in the service's stack.

    Args:
        stack: The complete stack.
    """
    service = stack.service
    _acknowledge(
        service.traffic,
        {
            "EC23": "serving the internet is what it is for; the test listener's port is open to the smoke tests only",
        },
    )
    _acknowledge(service.task, {"IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource"})
    _acknowledge(
        service.node.find_child("SmokeTests"),
        {
            "IAM5[Resource::*]": "EC2 lets network interfaces be described and made for Lambda on all resources only; "
            "the function's own code is denied making any"
        },
    )
    _acknowledge_deployment_role(stack)
    _acknowledge_migrations(stack)
    tasks = f"arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task/<{_logical_id(stack, service.cluster)}>/*"
    targets = "arn:<AWS::Partition>:application-autoscaling:<AWS::Region>:<AWS::AccountId>:scalable-target/*"
    _acknowledge(
        service.provider,
        {
            f"IAM5[Resource::{targets}]": "AWS makes a scalable target's id, and no attribute tells it",
            f"IAM5[Resource::{tasks}]": "failed tasks have ids that nobody knows before; they are only read",
            "IAM5[Resource::*]": "what follows, continues or stops a deployment takes no resource, nor does "
            "DescribeListeners; what starts one names its deployment group",
            **_STATE_MACHINES,
        },
    )


def _acknowledge_migrations(stack: "ServiceStack") -> None:
    migrations = stack.migrations
    here = "<AWS::Region>:<AWS::AccountId>"
    tasks = f"arn:<AWS::Partition>:ecs:{here}:task/<{_logical_id(stack, stack.service.cluster)}>/*"
    revisions = f"arn:<AWS::Partition>:ecs:{here}:task-definition/{migrations.task.family}:*"
    executions = f"arn:<AWS::Partition>:states:{here}:execution:{migrations.state_machine.state_machine_name}:*"
    snapshots = f"arn:<AWS::Partition>:rds:{here}:snapshot:bluegreen-*"
    _acknowledge(migrations, _STATE_MACHINES)
    _acknowledge(
        migrations.task,
        {
            "IAM5[Resource::*]": "ecr:GetAuthorizationToken takes no resource",
            "ECS2": "the only plain variable is the name of the role that owns the tables",
        },
    )
    _acknowledge(
        migrations.node.find_child("Role"),
        {
            "IAM5[Resource::*]": "describing a task definition takes no resource, listing tasks the cluster as its "
            "condition",
            f"IAM5[Resource::{revisions}]": "a copy that pins the image's digest is a new revision of this one family",
            f"IAM5[Resource::{tasks}]": "a task of a run that was lost is found and stopped, and its id is new",
            f"IAM5[Resource::{executions}]": "every run is an execution with a name of its own",
            f"IAM5[Resource::{snapshots}]": "every run names its snapshot after itself, with this prefix",
        },
    )
    _acknowledge(
        migrations.node.find_child("StateMachineRole"),
        {
            f"IAM5[Resource::{tasks}]": "Step Functions waits for the task that it starts, and its id is new",
            f"IAM5[Resource::{revisions}]": "each version brings a revision of this one family, and a downgrade runs "
            "from the one that is recorded",
        },
    )


def _acknowledge_deployment_role(stack: "ServiceStack") -> None:
    service = stack.service
    rules = {"IAM5[Resource::*]": "Elastic Load Balancing and CloudWatch describe on all resources only"}
    for listener in (service.traffic.production_listener, service.traffic.test_listener):
        reference = f'{{"Fn::Split":[":listener/",{{"Ref":"{_logical_id(stack, listener)}"}}]}}'
        arn = f'{{"Fn::Select":[0,{reference}]}}:listener-rule/{{"Fn::Select":[1,{reference}]}}/*'
        rules[f"IAM5[Resource::{arn}]"] = "a rule's id is known once it exists; the rules are those of this listener"
    cluster, ecs_service = _logical_id(stack, service.cluster), _logical_id(stack, service.ecs_service)
    task_sets = (
        "arn:<AWS::Partition>:ecs:<AWS::Region>:<AWS::AccountId>:task-set/"
        f"<{cluster}>/<{ecs_service}.Name>/*"
    )  # fmt: skip
    rules[f"IAM5[Resource::{task_sets}]"] = "each release makes a task set with a new id, all of this one service"
    _acknowledge(service.deployment, rules)


def _logical_id(stack: "ServiceStack", construct: IConstruct) -> str:
    resource = construct if isinstance(construct, CfnResource) else construct.node.default_child
    if not isinstance(resource, CfnResource):
        raise TypeError(f"{construct.node.path} must have a resource of its own")
    return str(stack.resolve(resource.logical_id))


def _acknowledge(scope: Construct | IConstruct, reasons: Mapping[str, str]) -> None:
    rules = [Acknowledgment(id=f"AwsSolutions::AwsSolutions-{rule}", reason=reason) for rule, reason in reasons.items()]
    Validations.of(scope).acknowledge(*rules)
