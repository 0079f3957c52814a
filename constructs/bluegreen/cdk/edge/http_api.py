"""API Gateway in front of an internal load balancer. Imported by itself: its classes take time to load."""

import json

from aws_cdk import Aws, RemovalPolicy
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_certificatemanager as acm
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from constructs import Construct

from bluegreen.cdk._acknowledge import acknowledge
from bluegreen.cdk._names import computed_name

_LONGEST_NAME = 128
_LOGGED = {
    "at": "$context.requestTime",
    "request": "$context.requestId",
    "from": "$context.identity.sourceIp",
    "agent": "$context.identity.userAgent",
    "method": "$context.httpMethod",
    "path": "$context.path",
    "status": "$context.status",
    "milliseconds": "$context.responseLatency",
    "service_milliseconds": "$context.integrationLatency",
    "error": "$context.error.message",
    "service_error": "$context.integrationErrorMessage",
}


class HttpApi(Construct):
    """An HTTP API that passes everything on to a service's listener, inside the VPC.

    It throttles, logs, and answers under a name of its own with TLS 1.2. Releases stay as they are: it calls the
    production listener, whatever weights that has. API Gateway waits 30 seconds for an answer at most. AWS WAF cannot
    protect an HTTP API: the firewall of the load balancer sees its requests, all from addresses of the VPC link.

    Args:
        scope: The stack.
        construct_id: Its name there.
        vpc: The load balancer's VPC, with private subnets for the link.
        load_balancer: An internal one, such as that of a service with `public=False`.
        listener: Its production listener.
        port: That listener's port.
        server_name: The name on the listener's certificate, when it speaks HTTPS: API Gateway checks the certificate
            by it and sends it as SNI. The listener speaks plain HTTP when omitted.
        domain_name: A name of its own. With it, the name that AWS gives the API answers no more.
        certificate: For `domain_name`, in the same region.
        requests_per_second: How many requests pass in the long run, at least 1; what is over gets 429.
        burst: How many may come at once, at least 1.
        key: Encrypts the access log; CloudWatch Logs' own key when omitted.
        log_retention: How long the access log is kept.

    Attributes:
        api: The API.
        stage: Its only stage.
        log_group: The access log.
        security_group: The link's security group, which may reach the listener and nothing else.
        url: Where it answers.

    Raises:
        ValueError: If a limit is less than 1, or only one of `domain_name` and `certificate` is given.

    Example:
        >>> import aws_cdk as cdk
        >>> stack = cdk.Stack(cdk.App(), "Shop")
        >>> vpc = ec2.Vpc(stack, "Vpc")
        >>> balancer = elbv2.ApplicationLoadBalancer(stack, "LoadBalancer", vpc=vpc)
        >>> answer = elbv2.ListenerAction.fixed_response(200)
        >>> listener = balancer.add_listener("Listener", port=80, open=False, default_action=answer)
        >>> api = HttpApi(stack, "Api", vpc=vpc, load_balancer=balancer, listener=listener, port=80)
        >>> api.stage.stage_name
        '$default'
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        vpc: ec2.IVpc,
        load_balancer: elbv2.IApplicationLoadBalancer,
        listener: elbv2.IApplicationListener,
        port: int,
        server_name: str | None = None,
        domain_name: str | None = None,
        certificate: acm.ICertificate | None = None,
        requests_per_second: int = 500,
        burst: int = 1000,
        key: kms.IKey | None = None,
        log_retention: logs.RetentionDays = logs.RetentionDays.THREE_MONTHS,
    ) -> None:
        super().__init__(scope, construct_id)
        for name, value in (("requests_per_second", requests_per_second), ("burst", burst)):
            if value < 1:
                raise ValueError(f"{name} must be at least 1, got {value}")
        if (domain_name is None) != (certificate is None):
            missing = "certificate" if certificate is None else "domain_name"
            raise ValueError(f"domain_name and certificate must be given together, got no {missing}")
        name = computed_name(self, max_length=_LONGEST_NAME)
        self.api = apigateway.CfnApi(
            self, "Api", name=name, protocol_type="HTTP", disable_execute_api_endpoint=domain_name is not None
        )
        self.security_group = self._admit(vpc, load_balancer, port)
        self._pass_on(name, vpc, listener, server_name)
        self.log_group = self._log(key, log_retention)
        self.stage = self._publish(requests_per_second, burst)
        self.url = f"https://{domain_name}" if domain_name else self.api.attr_api_endpoint
        if domain_name and certificate:
            self._name(domain_name, certificate)

    def _admit(self, vpc: ec2.IVpc, load_balancer: elbv2.IApplicationLoadBalancer, port: int) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, "SecurityGroup", vpc=vpc, description="The link of the HTTP API", allow_all_outbound=False
        )
        group.connections.allow_to(load_balancer, ec2.Port.tcp(port), "from the HTTP API to the listener")
        return group

    def _pass_on(self, name: str, vpc: ec2.IVpc, listener: elbv2.IApplicationListener, server_name: str | None) -> None:
        link = apigateway.CfnVpcLink(
            self,
            "Link",
            name=name,
            subnet_ids=vpc.select_subnets(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS).subnet_ids,
            security_group_ids=[self.security_group.security_group_id],
        )
        integration = apigateway.CfnIntegration(
            self,
            "Integration",
            api_id=self.api.ref,
            integration_type="HTTP_PROXY",
            integration_method="ANY",
            integration_uri=listener.listener_arn,
            connection_type="VPC_LINK",
            connection_id=link.ref,
            payload_format_version="1.0",
            tls_config={"serverNameToVerify": server_name} if server_name else None,
        )
        route = apigateway.CfnRoute(
            self, "Route", api_id=self.api.ref, route_key="$default", target=f"integrations/{integration.ref}"
        )
        reason = "the application knows its users; an authorizer here would decide without it"
        acknowledge(route, {"AwsSolutions-APIG4": reason})

    def _log(self, key: kms.IKey | None, retention: logs.RetentionDays) -> logs.LogGroup:
        group = logs.LogGroup(
            self, "Log", retention=retention, encryption_key=key, removal_policy=RemovalPolicy.DESTROY
        )
        if key is None:
            reason = "CloudWatch Logs encrypts the API's access log with its own key unless it is given one"
            acknowledge(group, {"NIST.800.53.R5-CloudWatchLogGroupEncrypted": reason})
        return group

    def _publish(self, requests_per_second: int, burst: int) -> apigateway.CfnStage:
        return apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.ref,
            stage_name="$default",
            auto_deploy=True,
            default_route_settings={
                "throttlingRateLimit": requests_per_second,
                "throttlingBurstLimit": burst,
                "detailedMetricsEnabled": True,
            },
            access_log_settings={
                "destinationArn": f"arn:{Aws.PARTITION}:logs:{Aws.REGION}:{Aws.ACCOUNT_ID}:log-group:"
                f"{self.log_group.log_group_name}",
                "format": json.dumps(_LOGGED),
            },
        )

    def _name(self, domain_name: str, certificate: acm.ICertificate) -> None:
        name = apigateway.CfnDomainName(
            self,
            "Name",
            domain_name=domain_name,
            domain_name_configurations=[
                {
                    "certificateArn": certificate.certificate_arn,
                    "endpointType": "REGIONAL",
                    "securityPolicy": "TLS_1_2",
                }
            ],
        )
        apigateway.CfnApiMapping(self, "Mapping", api_id=self.api.ref, domain_name=name.ref, stage=self.stage.ref)
