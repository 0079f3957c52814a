"""Who called, what was answered, and over which TLS: the load balancer's own logs, kept in S3."""

from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._arns import OWN

from ._log_bucket import log_bucket

_KINDS = ("access", "connection")
_DELIVERY = "logdelivery.elasticloadbalancing.amazonaws.com"


class AccessLogs(Construct):
    """A bucket for the access and connection logs of this account's load balancers in one region.

    Load balancers write every five minutes, what they can: logs explain, they do not account. They hold addresses and
    URLs of users, so choose `retention_days` by what your privacy notice says. The bucket stays when its stack goes,
    as it cannot be deleted while it holds logs. Server access logs of the bucket itself are not kept.

    Args:
        scope: The stack.
        construct_id: Its name there.
        retention_days: How long a log is kept, 1-3650 days.

    Attributes:
        bucket: The bucket. Load balancers write with S3's own key: they can use no other.

    Raises:
        ValueError: If `retention_days` is out of range.

    Example:
        >>> import aws_cdk as cdk
        >>> AccessLogs(cdk.Stack(cdk.App(), "Data"), "AccessLogs", retention_days=30).bucket.node.id
        'Bucket'
    """

    def __init__(self, scope: Construct, construct_id: str, *, retention_days: int = 90) -> None:
        super().__init__(scope, construct_id)
        self.bucket: s3.Bucket = log_bucket(
            self,
            "Bucket",
            retention_days=retention_days,
            ownership=s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
            writer="load balancers",
        )
        bucket_arn = self.bucket.bucket_arn
        self.bucket.add_to_resource_policy(
            iam.PolicyStatement.from_json(
                {
                    "Sid": "LoadBalancersWrite",
                    "Effect": "Allow",
                    "Principal": {"Service": _DELIVERY},
                    "Action": "s3:PutObject",
                    # The path names the account whose load balancer it is, and AWS lets nobody else's write there.
                    "Resource": [f"{bucket_arn}/{kind}/AWSLogs/{OWN.account}/*" for kind in _KINDS],
                }
            )
        )

    def record(self, load_balancer: elbv2.IApplicationLoadBalancer) -> None:
        """Have a load balancer of the same region log its requests and connections here.

        Args:
            load_balancer: One that this app defines.

        Raises:
            ValueError: If it is an imported one, whose attributes are its owner's.
        """
        if not isinstance(load_balancer, elbv2.ApplicationLoadBalancer):
            raise ValueError(  # noqa: TRY004 - the value is at fault: both are load balancers
                f"load_balancer must be defined in this app, got the imported {load_balancer.node.path}; its owner "
                "sets where it logs"
            )
        bucket_name = self.bucket.bucket_name
        for kind in _KINDS:
            load_balancer.set_attribute(f"{kind}_logs.s3.enabled", "true")
            load_balancer.set_attribute(f"{kind}_logs.s3.bucket", bucket_name)
            load_balancer.set_attribute(f"{kind}_logs.s3.prefix", kind)
        # Elastic Load Balancing tries at once whether it may write.
        policy = self.bucket.policy
        if policy is not None:
            load_balancer.node.add_dependency(policy)
