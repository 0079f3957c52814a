"""Load balancers and certificates for the tests of the edge."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2

from tests.cdk.support import SHARED_LOAD_BALANCER, imported_vpc

CERTIFICATE = "arn:aws:acm:{region}:111122223333:certificate/01234567-89ab-cdef-0123-456789abcdef"


def given_load_balancer(stack: cdk.Stack) -> elbv2.IApplicationLoadBalancer:
    """Return a load balancer that somebody else owns, with all that a record needs to know of it."""
    return elbv2.ApplicationLoadBalancer.from_application_load_balancer_attributes(
        stack,
        "Shared",
        load_balancer_arn=SHARED_LOAD_BALANCER,
        load_balancer_canonical_hosted_zone_id="Z32O12XQLNTSW2",
        load_balancer_dns_name="shared.example.com",
        security_group_id="sg-0123456789abcdef0",
        security_group_allows_all_outbound=False,
    )


def load_balancer(stack: cdk.Stack, **settings: Any) -> elbv2.ApplicationLoadBalancer:
    """Return an internal load balancer of the stack's own."""
    vpc = imported_vpc(stack)
    group = ec2.SecurityGroup(stack, "Group", vpc=vpc, allow_all_outbound=False)
    return elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=vpc, security_group=group, **settings)


def certificate(stack: cdk.Stack, region: str = "us-east-1") -> acm.ICertificate:
    """Return a certificate that is imported from a region."""
    return acm.Certificate.from_certificate_arn(stack, "Certificate", CERTIFICATE.format(region=region))
