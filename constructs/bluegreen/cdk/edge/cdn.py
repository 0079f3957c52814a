"""CloudFront in front of an internal load balancer. Imported by itself: CloudFront's classes take time to load."""

from collections.abc import Sequence
from typing import cast

from aws_cdk import Token
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_cloudfront as cloudfront
from aws_cdk import aws_cloudfront_origins as origins
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from aws_cdk import aws_s3 as s3
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge

from ._log_bucket import log_bucket
from ._regions import GLOBAL_REGION, require_us_east_1
from .hosted_domain import HostedDomain


class Cdn(Construct):
    """A distribution whose origin nobody else can reach: an internal load balancer, through a VPC origin.

    So there is no way round the distribution and its firewall, and no secret header to keep and rotate. Releases stay
    as they are: a canary's share is a share of what CloudFront asks for. Nothing is cached unless `cache_policy` says
    so, because a cached answer outlives the version that gave it.

    A regional firewall behind it sees CloudFront's addresses: its rate limit would count all users as few. Give the
    distribution a firewall of `FirewallScope.CLOUDFRONT`, and the load balancer none or one with a high limit.

    Args:
        scope: The stack, in any region: CloudFront is in none.
        construct_id: Its name there.
        load_balancer: An internal one, such as that of a service with `public=False`. Its VPC needs an internet
            gateway, though no traffic goes through it.
        prefix_list_id: The region's prefix list "com.amazonaws.global.cloudfront.origin-facing", which only a look-up
            tells: `aws ec2 describe-managed-prefix-lists`. It counts as 55 rules of the load balancer's security group.
        certificate: For the domain names, in us-east-1.
        domain_names: The names that users call. The load balancer's own certificate must have them as well: CloudFront
            passes the name on, and checks the certificate by it.
        port: The load balancer's HTTPS port.
        web_acl_arn: The ARN of a firewall for CloudFront; none when omitted.
        cache_policy: What is cached; nothing when omitted.
        log_retention_days: How long requests are logged, 1-3650 days.

    Attributes:
        distribution: The distribution.
        log_bucket: Where requests are logged.

    Raises:
        ValueError: If the certificate or the firewall is known to be in another region, the load balancer faces the
            internet, or there is no domain name.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> vpc = ec2.Vpc(stack, "Vpc")
        >>> balancer = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=vpc)
        >>> arn = "arn:aws:acm:us-east-1:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"
        >>> certificate = acm.Certificate.from_certificate_arn(stack, "Certificate", arn)
        >>> cdn = Cdn(
        ...     stack, "Cdn", load_balancer=balancer, certificate=certificate, domain_names=["shop.example.com"],
        ...     prefix_list_id="pl-0123456789abcdef0",
        ... )
        >>> cdn.distribution.node.id
        'Distribution'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        load_balancer: elbv2.IApplicationLoadBalancer,
        prefix_list_id: str,
        certificate: acm.ICertificate,
        domain_names: Sequence[str],
        port: int = 443,
        web_acl_arn: str | None = None,
        cache_policy: cloudfront.ICachePolicy | None = None,
        log_retention_days: int = 90,
    ) -> None:
        super().__init__(scope, construct_id)
        _require(load_balancer, certificate, domain_names, web_acl_arn)
        load_balancer.connections.allow_from(
            ec2.Peer.prefix_list(prefix_list_id), ec2.Port.tcp(port), "from CloudFront's VPC origins"
        )
        self.log_bucket: s3.Bucket = log_bucket(
            self,
            "Log",
            retention_days=log_retention_days,
            # CloudFront's standard logs are written by another account, with an access control list.
            ownership=s3.ObjectOwnership.BUCKET_OWNER_PREFERRED,
            writer="CloudFront",
        )
        self.distribution = cloudfront.Distribution(
            self,
            "Distribution",
            comment=f"In front of {domain_names[0]}",
            domain_names=list(domain_names),
            certificate=certificate,
            minimum_protocol_version=cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
            http_version=cloudfront.HttpVersion.HTTP2_AND_3,
            web_acl_id=web_acl_arn,
            log_bucket=self.log_bucket,
            default_behavior=_behaviour(load_balancer, port, cache_policy),
        )
        self._acknowledge(firewall=web_acl_arn is not None)

    def send_from(self, domain: HostedDomain, *, construct_id: str = "Alias") -> route53.CfnRecordSetGroup:
        """Let a name lead to the distribution, by IPv4 and IPv6.

        Args:
            domain: The name, one of the distribution's `domain_names`.
            construct_id: The records' name in this construct.

        Returns:
            The records.
        """
        alias = {
            "dnsName": self.distribution.distribution_domain_name,
            "hostedZoneId": targets.CloudFrontTarget.get_hosted_zone_id(self),
        }
        records = [
            route53.CfnRecordSetGroup.RecordSetProperty(name=f"{domain.domain_name}.", type=kind, alias_target=alias)
            for kind in ("A", "AAAA")
        ]
        return route53.CfnRecordSetGroup(
            self, construct_id, hosted_zone_id=domain.zone.hosted_zone_id, record_sets=records
        )

    def _acknowledge(self, *, firewall: bool) -> None:
        acknowledge(
            self.distribution,
            {"AwsSolutions-CFR1": "who may call is the application's to decide, by account rather than by country"},
        )
        if not firewall:
            reason = "no firewall was given: the load balancer's own, or none, is what its owner chose"
            acknowledge(self.distribution, {"AwsSolutions-CFR2": reason})


def _behaviour(
    load_balancer: elbv2.IApplicationLoadBalancer, port: int, cache_policy: cloudfront.ICachePolicy | None
) -> cloudfront.BehaviorOptions:
    return cloudfront.BehaviorOptions(
        origin=origins.VpcOrigin.with_application_load_balancer(
            load_balancer,
            https_port=port,
            protocol_policy=cloudfront.OriginProtocolPolicy.HTTPS_ONLY,
            origin_ssl_protocols=[cloudfront.OriginSslPolicy.TLS_V1_2],
        ),
        viewer_protocol_policy=cloudfront.ViewerProtocolPolicy.REDIRECT_TO_HTTPS,
        allowed_methods=cloudfront.AllowedMethods.ALLOW_ALL,
        cache_policy=cache_policy or cloudfront.CachePolicy.CACHING_DISABLED,
        origin_request_policy=cloudfront.OriginRequestPolicy.ALL_VIEWER,
        response_headers_policy=cloudfront.ResponseHeadersPolicy.SECURITY_HEADERS,
    )


def _require(
    load_balancer: elbv2.IApplicationLoadBalancer,
    certificate: acm.ICertificate,
    domain_names: Sequence[str],
    web_acl_arn: str | None,
) -> None:
    if not domain_names:
        raise ValueError("domain_names must have one name at least, got none; give those of the certificate")
    resource = load_balancer.node.default_child
    if resource is not None and cast("elbv2.CfnLoadBalancer", resource).scheme == "internet-facing":
        raise ValueError(
            f"load_balancer must be internal, got {load_balancer.node.path}, which faces the internet and could be "
            "called past CloudFront; give its service public=False"
        )
    if Token.is_unresolved(certificate.certificate_arn):
        require_us_east_1("certificate", certificate)
    else:
        _require_region("certificate", certificate.certificate_arn)
    if web_acl_arn is not None:
        _require_region("web_acl_arn", web_acl_arn)


def _require_region(name: str, arn: str) -> None:
    if Token.is_unresolved(arn):
        return
    region = f"{arn}:::".split(":")[3]
    if region != GLOBAL_REGION:
        raise ValueError(
            f"{name} must be in {GLOBAL_REGION} for CloudFront, got {arn} in {region or 'no region'}; make one there"
        )
