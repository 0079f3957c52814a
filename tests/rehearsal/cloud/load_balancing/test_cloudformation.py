from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError, PartlyEmulated, ResourceType
from bluegreen.rehearsal.cloud.load_balancing import resource_types
from tests.rehearsal.cloud.load_balancing.support import Cloud, forward


class Template:
    """The resource types by short name."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self._types = {kind.type_name.rpartition("::")[2]: kind for kind in resource_types(cloud.service)}

    def __getitem__(self, name: str) -> ResourceType:
        return self._types[name]

    def load_balancer(self, **more: Any) -> Any:
        properties = {"Subnets": ["subnet-a", "subnet-b"], "Scheme": "internal", "Type": "application"} | more
        return self["LoadBalancer"].create("Stack-Lb-0123456789AB", properties)

    def target_group(self, **more: Any) -> Any:
        return self["TargetGroup"].create("Stack-OrdersBlueTargetGroup7F2A-0123456789AB", GROUP | more)


GROUP: dict[str, Any] = {"Port": "80", "Protocol": "HTTP", "TargetType": "ip", "VpcId": "vpc-1"}


@pytest.fixture
def template(model: Cloud) -> Template:
    return Template(model)


def test_a_load_balancer_offers_what_templates_ask_of_it(template: Template) -> None:
    """Every attribute that `Fn::GetAtt` can name is there, and the name is AWS's to choose."""
    created = template.load_balancer(SecurityGroups=["sg-1"])
    full_name = created.physical_id.partition(":loadbalancer/")[2]
    assert created.attributes == {
        "DNSName": created.attributes["DNSName"],
        "CanonicalHostedZoneID": "Z35SXDOTRQ7X7K",
        "LoadBalancerFullName": full_name,
        "LoadBalancerName": "Stack-Lb-0123456789AB",
        "LoadBalancerArn": created.physical_id,
        "SecurityGroups": ["sg-1"],
    }
    assert str(created.attributes["DNSName"]).startswith("internal-Stack-Lb-0123456789AB-")


def test_a_load_balancer_changes_in_place(template: Template) -> None:
    """Security groups, subnets, attributes and tags change; what the template no longer tags loses its tag."""
    template.cloud.ec2.zones["subnet-c"] = "eu-west-1c"
    old = {"Subnets": ["subnet-a", "subnet-b"], "Tags": [{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "1"}]}
    arn = template["LoadBalancer"].create("lb", old).physical_id
    new = {
        "Subnets": ["subnet-b", "subnet-c"],
        "SecurityGroups": ["sg-2"],
        "LoadBalancerAttributes": [{"Key": "idle_timeout.timeout_seconds", "Value": 30}],
        "Tags": [{"Key": "a", "Value": "2"}],
    }
    changed = template["LoadBalancer"].update(arn, old, new)
    assert changed.physical_id == arn
    elb = template.cloud.elb
    (shown,) = elb.describe_load_balancers()["LoadBalancers"]
    assert [zone["SubnetId"] for zone in shown["AvailabilityZones"]] == ["subnet-b", "subnet-c"]
    assert shown["SecurityGroups"] == ["sg-2"]
    attributes = elb.describe_load_balancer_attributes(LoadBalancerArn=arn)["Attributes"]
    assert {"Key": "idle_timeout.timeout_seconds", "Value": "30"} in attributes
    assert elb.describe_tags(ResourceArns=[arn])["TagDescriptions"][0]["Tags"] == [{"Key": "a", "Value": "2"}]


def test_a_target_group_reads_numbers_written_as_text(template: Template) -> None:
    """Templates may write numbers as strings; the name is shortened to what AWS allows and stays unique."""
    created = template.target_group(
        HealthCheckIntervalSeconds="10",
        HealthCheckEnabled="true",
        TargetGroupAttributes=[{"Key": "deregistration_delay.timeout_seconds", "Value": "5"}],
    )
    assert created.attributes["TargetGroupName"] == "Stack-OrdersBlueTar-0123456789AB"
    assert created.attributes["TargetGroupFullName"] == created.physical_id.rpartition(":")[2]
    assert created.attributes["LoadBalancerArns"] == []
    (shown,) = template.cloud.elb.describe_target_groups()["TargetGroups"]
    assert (shown["Port"], shown["HealthCheckIntervalSeconds"]) == (80, 10)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("Port", 0),
        ("HealthCheckIntervalSeconds", 4),
        ("HealthCheckTimeoutSeconds", 1),
        ("HealthyThresholdCount", 1),
        ("UnhealthyThresholdCount", 1),
    ],
)
def test_a_template_is_held_to_the_same_rules(template: Template, key: str, value: int) -> None:
    """A value below AWS's range fails the resource with AWS's code and the value."""
    with pytest.raises(ApiError, match=f"ValidationError: .*'{value}' must be"):
        template.target_group(**{key: value})


def test_an_unknown_property_is_refused_by_name(template: Template) -> None:
    """A property that the local cloud does not know fails the resource; nothing is skipped in silence."""
    with pytest.raises(ValueError, match=r"does not know the property Colour"):
        template.target_group(Colour="blue")


def test_a_target_group_changes_in_place_and_leaves_others_targets_alone(template: Template) -> None:
    """Health check and listed targets change; targets that ECS registered stay."""
    listed = {"Id": "127.76.0.1", "Port": 1}
    old = GROUP | {"Targets": [listed]}
    arn = template["TargetGroup"].create("group", old).physical_id
    elb = template.cloud.elb
    elb.register_targets(TargetGroupArn=arn, Targets=[{"Id": "127.76.0.9", "Port": 1}])
    new = GROUP | {"HealthCheckPath": "/ready", "Targets": [{"Id": "127.76.0.2", "Port": 1}]}
    template["TargetGroup"].update(arn, old, new)
    assert elb.describe_target_groups()["TargetGroups"][0]["HealthCheckPath"] == "/ready"
    assert set(template.cloud.states(arn)) == {"127.76.0.2", "127.76.0.9"}


def test_a_listener_update_sends_its_actions_again(template: Template) -> None:
    """Any change of a listener points it where the template says, whatever moved it since: AWS's trap, kept."""
    blue = template.target_group(Name="blue").physical_id
    green = template.target_group(Name="green").physical_id
    owner = template.load_balancer().physical_id
    old = {"LoadBalancerArn": owner, "Port": 80, "Protocol": "HTTP", "DefaultActions": forward((blue, 1), (green, 0))}
    arn = template["Listener"].create("ignored", old).physical_id
    elb = template.cloud.elb
    elb.modify_listener(ListenerArn=arn, DefaultActions=forward((blue, 0), (green, 1)))
    template["Listener"].update(arn, old, old | {"Port": "81"})
    (shown,) = elb.describe_listeners(ListenerArns=[arn])["Listeners"]
    assert shown["Port"] == 81
    assert shown["DefaultActions"][0]["ForwardConfig"]["TargetGroups"][0] == {"TargetGroupArn": blue, "Weight": 1}


def test_a_whole_stack_comes_and_goes(template: Template) -> None:
    """Load balancer, groups, listener and rule are created, changed and deleted, the deletions twice."""
    owner, group = template.load_balancer(), template.target_group()
    actions = [{"Type": "forward", "TargetGroupArn": group.physical_id}]
    listener_properties = {
        "LoadBalancerArn": owner.physical_id,
        "Port": 80,
        "Protocol": "HTTP",
        "DefaultActions": actions,
    }
    listener = template["Listener"].create("ignored", listener_properties)
    assert listener.attributes == {"ListenerArn": listener.physical_id}
    condition = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/a"]}}
    rule_properties = {
        "ListenerArn": listener.physical_id,
        "Priority": "5",
        "Actions": actions,
        "Conditions": [condition],
    }
    rule = template["ListenerRule"].create("ignored", rule_properties)
    changed = rule_properties | {"Priority": 6, "Conditions": [{"Field": "host-header", "Values": ["b.example.com"]}]}
    template["ListenerRule"].update(rule.physical_id, rule_properties, changed)
    (shown, _) = template.cloud.elb.describe_rules(ListenerArn=listener.physical_id)["Rules"]
    assert (shown["Priority"], shown["Conditions"][0]["Field"]) == ("6", "host-header")
    with pytest.raises(ApiError, match="ResourceInUse"):
        template["TargetGroup"].delete(group.physical_id, {})
    for _ in range(2):
        template["ListenerRule"].delete(rule.physical_id, {})
        template["Listener"].delete(listener.physical_id, {})
        template["TargetGroup"].delete(group.physical_id, {})
        template["LoadBalancer"].delete(owner.physical_id, {})
    snapshot = template.cloud.service.snapshot()
    assert snapshot == {"load_balancers": [], "target_groups": {}, "fault": None}


def test_logs_that_are_not_written_are_listed(template: Template) -> None:
    """A load balancer that is to write access logs is accepted, and a rehearsal says that it writes none."""
    kind = template["LoadBalancer"]
    assert isinstance(kind, PartlyEmulated)
    attributes = [{"Key": "access_logs.s3.enabled", "Value": "true"}, {"Key": "access_logs.s3.bucket", "Value": "b"}]
    assert kind.not_emulated({"LoadBalancerAttributes": attributes}) == "access logs"
    assert not kind.not_emulated({})


def test_listener_attributes_are_honoured_or_refused(template: Template) -> None:
    """What changes responses is kept and can be taken back; what AWS or this cloud does not have is refused."""
    owner, group = template.load_balancer().physical_id, template.target_group().physical_id
    properties = {"LoadBalancerArn": owner, "Port": 80, "Protocol": "HTTP", "DefaultActions": forward((group, 1))}
    response = "routing.http.response."
    for key, value, complaint in (
        ("routing.http.request.x_amzn_tls_version.header_name", "X-Tls", "UnsupportedOperation: .*x_amzn_tls_version"),
        (f"{response}x_powered_by.header_value", "us", "InvalidConfigurationRequest: .* is not recognized"),
        (f"{response}x_frame_options.header_value", "never", "InvalidConfigurationRequest: .*got 'never'"),
    ):
        with pytest.raises(ApiError, match=complaint):
            template["Listener"].create("x", properties | {"ListenerAttributes": [{"Key": key, "Value": value}]})
    elb = template.cloud.elb
    assert elb.describe_listeners(LoadBalancerArn=owner)["Listeners"] == []
    key = f"{response}x_frame_options.header_value"
    framed = properties | {"ListenerAttributes": [{"Key": key, "Value": "DENY"}]}
    listener = template["Listener"].create("x", framed)

    def attributes() -> dict[str, str]:
        found = elb.describe_listener_attributes(ListenerArn=listener.physical_id)["Attributes"]
        return {one["Key"]: one["Value"] for one in found}

    assert (attributes()[key], attributes()[f"{response}server.enabled"]) == ("DENY", "true")
    freed = properties | {"ListenerAttributes": [{"Key": key, "Value": ""}]}
    template["Listener"].update(listener.physical_id, framed, freed)
    assert attributes()[key] == ""


@pytest.mark.parametrize("kind", ["LoadBalancer", "TargetGroup"])
def test_a_refused_attribute_leaves_nothing_behind(template: Template, kind: str) -> None:
    """A resource with an attribute that is refused is not created at all."""
    wrong = {f"{kind}Attributes": [{"Key": "no.such.key", "Value": "1"}]}
    with pytest.raises(ApiError, match="is not recognized"):
        template.load_balancer(**wrong) if kind == "LoadBalancer" else template.target_group(**wrong)
    assert template.cloud.service.snapshot() == {"load_balancers": [], "target_groups": {}, "fault": None}
