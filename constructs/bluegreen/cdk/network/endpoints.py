"""AWS services that are reached without the internet, each through interfaces of its own in the private subnets."""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType


class Endpoint(StrEnum):
    """A service with an interface endpoint, which costs by the hour in each zone. The value is AWS's name for it."""

    CODEDEPLOY = "codedeploy"
    EC2 = "ec2"
    ECR_API = "ecr.api"
    ECR_DKR = "ecr.dkr"
    ECS = "ecs"
    ECS_AGENT = "ecs-agent"
    ECS_TELEMETRY = "ecs-telemetry"
    EVENTS = "events"
    KMS = "kms"
    LOGS = "logs"
    MONITORING = "monitoring"
    RDS = "rds"
    SECRETS_MANAGER = "secretsmanager"
    SNS = "sns"
    SQS = "sqs"
    SSM = "ssm"
    SSM_MESSAGES = "ssmmessages"
    STATES = "states"
    STS = "sts"
    X_RAY = "xray"


NEEDED_WITHOUT_NAT: Mapping[Endpoint, str] = MappingProxyType(
    {
        Endpoint.ECR_API: "Fargate asks it where an image's layers are, and may fetch them",
        Endpoint.ECR_DKR: "Fargate fetches an image's manifest there; the layers come through S3's gateway endpoint",
        Endpoint.LOGS: "a task writes its log there, and does not start when it cannot",
        Endpoint.SECRETS_MANAGER: "a task's secrets are read there when it starts, and those of the smoke tests",
        Endpoint.SSM: "a task's secrets may be parameters as well",
        Endpoint.CODEDEPLOY: "the smoke tests answer there, or the release waits an hour and rolls back",
        Endpoint.EC2: "the smoke tests look up the load balancer's private addresses there",
        Endpoint.MONITORING: "the application's own metrics, and those of a user journey, go there",
        Endpoint.X_RAY: "the collector beside the application sends its traces there",
    }
)
"""What this library's parts call from inside a VPC, and why.

Fargate needs none of ECS's own endpoints, Lambda's service reaches its functions and their logs without any, and what
drives a release and its migrations calls from outside the VPC. In regions opened since December 2023, such as
ca-west-1, AWS wants `ECS`, `ECS_AGENT` and `ECS_TELEMETRY` as well: name them there.
"""
