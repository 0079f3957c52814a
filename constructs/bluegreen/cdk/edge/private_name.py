"""A name inside the VPC. Imported by itself: few need it."""

import re

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_servicediscovery as servicediscovery
from constructs import Construct

_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_NAMESPACE = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


class PrivateName(Construct):
    """A Cloud Map name under which other services of a VPC find one: "orders.internal".

    It leads to the internal load balancer, not to tasks. Cloud Map would list every task from its start on, those of a
    candidate that no test has passed and those of a version that no longer serves: callers would reach both past
    weights, alarms and rollback (aws/containers-roadmap issue 648). Nor could ECS change it later: a service that
    CodeDeploy controls keeps the registries of its creation.

    A caller who uses HTTPS must ask for the name on the certificate, which is seldom this one.

    Args:
        scope: The stack.
        construct_id: Its name there.
        vpc: Where the name holds.
        load_balancer: An internal one, such as that of a service with `public=False`.
        name: The first label, 1-63 lower-case letters, digits and hyphens.
        namespace: The rest of the name, for a namespace of its own, which makes a private zone in the VPC; or a
            namespace that exists and is to be shared.

    Attributes:
        namespace: The namespace.
        service: The Cloud Map service.
        host: The whole name.

    Raises:
        ValueError: If it is no name.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> vpc = ec2.Vpc(stack, "Vpc")
        >>> balancer = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=vpc)
        >>> PrivateName(stack, "Name", vpc=vpc, load_balancer=balancer, name="orders").host
        'orders.internal'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        load_balancer: elbv2.IApplicationLoadBalancer,
        name: str,
        namespace: str | servicediscovery.IPrivateDnsNamespace = "internal",
    ) -> None:
        super().__init__(scope, construct_id)
        if not _LABEL.fullmatch(name):
            raise ValueError(f"name must be 1-63 lower-case letters, digits and hyphens, got {name!r}")
        if isinstance(namespace, str):
            if not _NAMESPACE.fullmatch(namespace):
                raise ValueError(f"namespace must be a DNS name in lower case, got {namespace!r}")
            namespace = servicediscovery.PrivateDnsNamespace(self, "Namespace", name=namespace, vpc=vpc)
        self.namespace: servicediscovery.IPrivateDnsNamespace = namespace
        self.service = servicediscovery.CfnService(
            self,
            "Service",
            name=name,
            namespace_id=self.namespace.namespace_id,
            # An alias needs weighted routing. Route 53 answers with the load balancer's addresses of the moment.
            dns_config={"dnsRecords": [{"type": "A", "ttl": 60}], "routingPolicy": "WEIGHTED"},
        )
        servicediscovery.CfnInstance(
            self,
            "LoadBalancer",
            service_id=self.service.attr_id,
            instance_id="load-balancer",
            instance_attributes={"AWS_ALIAS_DNS_NAME": load_balancer.load_balancer_dns_name},
        )
        self.host = f"{name}.{self.namespace.namespace_name}"
