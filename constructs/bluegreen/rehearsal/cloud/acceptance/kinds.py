"""Which resource types are more than records, and which may not be accepted at all."""

from bluegreen.rehearsal.cloud.api import Document

_RECORDED_SERVICES = frozenset(
    {
        "AWS::AutoScaling",
        "AWS::Backup",
        "AWS::CloudFront",
        "AWS::CodeBuild",
        "AWS::EC2",  # no packet obeys a route, a gateway or a security group
        "AWS::ECR",  # there is no registry
        "AWS::EFS",
        "AWS::ElastiCache",  # its server would need Docker
        "AWS::IAM",  # nobody is refused anything
        "AWS::KMS",  # encrypts what is sent to its API; nothing that is stored
        "AWS::Route53",  # no name resolves
        "AWS::SES",
        "AWS::ServiceDiscovery",
        "AWS::WAFv2",
    }
)
_RECORDED_TYPES = frozenset(
    {
        "AWS::Lambda::Permission",
        "AWS::Logs::MetricFilter",  # no metric comes of it
        "AWS::Logs::ResourcePolicy",
        "AWS::RDS::DBClusterParameterGroup",
        "AWS::RDS::DBParameterGroup",  # the servers run with their own settings
        "AWS::RDS::DBSubnetGroup",
        "AWS::S3::BucketPolicy",
        "AWS::SNS::TopicPolicy",
        "AWS::SQS::QueuePolicy",
    }
)
_REFUSED_SERVICES = frozenset(
    {
        "AWS::ApplicationAutoScaling",
        "AWS::CloudFormation",
        "AWS::CodeDeploy",
        "AWS::DocDB",
        "AWS::ECS",
        "AWS::EKS",
        "AWS::ElasticLoadBalancing",
        "AWS::ElasticLoadBalancingV2",
        "AWS::Neptune",
        "AWS::StepFunctions",
    }
)
_REFUSED_TYPES = frozenset(
    {
        "AWS::CloudWatch::Alarm",
        "AWS::CloudWatch::CompositeAlarm",
        "AWS::Lambda::Alias",
        "AWS::Lambda::EventSourceMapping",
        "AWS::Lambda::Function",
        "AWS::Lambda::Version",
        "AWS::RDS::DBCluster",
        "AWS::RDS::DBInstance",
        "AWS::RDS::DBProxy",
        "AWS::RDS::GlobalCluster",
    }
)
_PARTS = {
    "AWS::DynamoDB::Table": {"PointInTimeRecoverySpecification": "point-in-time recovery"},
    "AWS::S3::Bucket": {"LifecycleConfiguration": "lifecycle rules", "ReplicationConfiguration": "replication"},
}
"""Properties of types that ministack runs which it only keeps, and what they are called in a rehearsal's list."""

_ONLY_IN_DOCKER = frozenset({"AWS::DocDB::DBCluster", "AWS::DocDB::DBInstance", "AWS::RDS::DBCluster"})
"""What ministack claims to have made although it made nothing, where it finds no Docker."""


def is_recorded(type_name: str) -> bool:
    """Whether a type that ministack knows is kept as a record only: its API describes it, and nothing acts on it."""
    return type_name.rpartition("::")[0] in _RECORDED_SERVICES or type_name in _RECORDED_TYPES


def is_refused(type_name: str) -> bool:
    """Whether a rehearsal would lie if it accepted a type that nobody emulates."""
    return type_name.rpartition("::")[0] in _REFUSED_SERVICES or type_name in _REFUSED_TYPES


def is_pretended(type_name: str) -> bool:
    """Whether ministack says that it made a resource of this type when it did not."""
    return type_name in _ONLY_IN_DOCKER


def lacking(type_name: str, properties: Document) -> str:
    """Say what a resource of a type that ministack does run has with nothing behind it; nothing, if it has none.

    Example:
        >>> lacking("AWS::SNS::Subscription", {"Protocol": "email", "Endpoint": "team@example.com"})
        'e-mail'
    """
    if type_name == "AWS::SNS::Subscription" and str(properties.get("Protocol", "")).startswith("email"):
        return "e-mail"
    return ", ".join(words for name, words in _PARTS.get(type_name, {}).items() if properties.get(name))
