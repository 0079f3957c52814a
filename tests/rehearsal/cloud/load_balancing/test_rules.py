from typing import Any

import pytest

from bluegreen.rehearsal.cloud.api import ApiError
from bluegreen.rehearsal.cloud.traffic import Backend, Server
from tests.rehearsal.cloud.load_balancing.support import Cloud, forward


class Setting:
    """A load balancer with a listener that forwards to one of two groups."""

    def __init__(self, cloud: Cloud) -> None:
        self.cloud = cloud
        self.load_balancer = cloud.load_balancer()["LoadBalancerArn"]
        self.blue, self.green = cloud.target_group("blue"), cloud.target_group("green")
        self.listener = cloud.listener(self.load_balancer, forward((self.blue, 100), (self.green, 0)))


@pytest.fixture
def setting(model: Cloud) -> Setting:
    return Setting(model)


def refused(code: str, words: str = "") -> Any:
    return pytest.raises(ApiError, match=f"^{code}: .*{words}")


GROUP = {"Name": "g", "Protocol": "HTTP", "Port": 8080, "VpcId": "vpc-1", "TargetType": "ip"}


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Name": "-x"}, "ValidationError", "hyphen"),
        ({"Name": "a" * 33}, "ValidationError", "1-32"),
        ({"Port": 65536}, "ValidationError", "1-65535"),
        ({"TargetType": "instance"}, "UnsupportedOperation", "TargetType is instance"),
        ({"ProtocolVersion": "GRPC"}, "UnsupportedOperation", "ProtocolVersion is GRPC"),
        ({"Protocol": "TCP"}, "UnsupportedOperation", "Protocol is TCP"),
        ({"HealthCheckIntervalSeconds": 301}, "ValidationError", "'301' must be 5-300"),
        ({"HealthCheckTimeoutSeconds": 121}, "ValidationError", "'121' must be 2-120"),
        ({"HealthyThresholdCount": 11}, "ValidationError", "'11' must be 2-10"),
        ({"UnhealthyThresholdCount": 11}, "ValidationError", "'11' must be 2-10"),
        ({"HealthCheckIntervalSeconds": 10, "HealthCheckTimeoutSeconds": 10}, "ValidationError", "smaller than"),
        ({"HealthCheckPath": "health"}, "ValidationError", "begin with a '/'"),
        ({"HealthCheckPort": "http"}, "ValidationError", "traffic-port"),
        ({"HealthCheckProtocol": "TCP"}, "ValidationError", "HTTP or HTTPS"),
        ({"HealthCheckEnabled": False}, "ValidationError", "must be true"),
        ({"Matcher": {"HttpCode": "2xx"}}, "ValidationError", "'2xx'"),
        ({"Matcher": {"HttpCode": "200-599"}}, "ValidationError", "200-499"),
    ],
)
def test_a_target_group_that_aws_refuses_is_refused(
    model: Cloud, change: dict[str, Any], code: str, words: str
) -> None:
    """A malformed target group is refused with AWS's code and the offending value, and is not created."""
    with refused(code, words):
        model.elb.create_target_group(**GROUP | change)
    assert model.elb.describe_target_groups()["TargetGroups"] == []


def test_a_target_group_without_a_vpc_is_refused(model: Cloud) -> None:
    """IP targets need to know their VPC."""
    with refused("ValidationError", "VpcId"):
        model.elb.create_target_group(**{key: value for key, value in GROUP.items() if key != "VpcId"})


def test_a_target_group_has_the_defaults_of_aws(model: Cloud) -> None:
    """What a target group does not say about its health check is what AWS takes."""
    group = model.elb.create_target_group(**GROUP)["TargetGroups"][0]
    shown = {key: group[key] for key in group if key.startswith(("Health", "Unhealthy", "Matcher"))}
    assert shown == {
        "HealthCheckEnabled": True,
        "HealthCheckIntervalSeconds": 30,
        "HealthCheckPath": "/",
        "HealthCheckPort": "traffic-port",
        "HealthCheckProtocol": "HTTP",
        "HealthCheckTimeoutSeconds": 5,
        "HealthyThresholdCount": 5,
        "UnhealthyThresholdCount": 2,
        "Matcher": {"HttpCode": "200"},
    }


def test_the_same_target_group_again_is_the_same_one(model: Cloud) -> None:
    """Creating a group twice with one name and the same settings returns the first; other settings are refused."""
    first = model.elb.create_target_group(**GROUP)["TargetGroups"][0]
    assert model.elb.create_target_group(**GROUP)["TargetGroups"][0] == first
    with refused("DuplicateTargetGroupName", "'g' exists"):
        model.elb.create_target_group(**GROUP | {"Port": 9090})


def test_names_have_the_form_that_metrics_use(setting: Setting) -> None:
    """Full names are what CloudWatch's dimensions hold: app/NAME/ID and targetgroup/NAME/ID."""
    shown = setting.cloud.service.snapshot()
    assert setting.load_balancer.endswith(f":loadbalancer/{shown['load_balancers'][0]['full_name']}")
    assert shown["load_balancers"][0]["full_name"].startswith("app/web/")
    assert len(setting.load_balancer.rpartition("/")[2]) == 16
    assert shown["target_groups"]["blue"]["full_name"] == setting.blue.rpartition(":")[2]
    assert setting.listener.startswith(setting.load_balancer.replace(":loadbalancer/", ":listener/"))


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Name": "internal-x"}, "ValidationError", "internal-"),
        ({"Type": "network"}, "UnsupportedOperation", "network"),
        ({"Subnets": []}, "ValidationError", "two subnets"),
        ({"Subnets": ["subnet-a", "subnet-a2"]}, "ValidationError", "two different Availability Zones"),
        ({"Subnets": ["subnet-a", "subnet-z"]}, "SubnetNotFound", "subnet-z"),
    ],
)
def test_a_load_balancer_that_aws_refuses_is_refused(
    model: Cloud, change: dict[str, Any], code: str, words: str
) -> None:
    """A malformed load balancer is refused, and leaves no network interface behind."""
    with refused(code, words):
        model.elb.create_load_balancer(**{"Name": "web", "Subnets": ["subnet-a", "subnet-b"]} | change)
    assert model.ec2.interfaces == {}


def test_a_name_belongs_to_one_load_balancer(setting: Setting) -> None:
    """A second load balancer of the same name is refused."""
    with refused("DuplicateLoadBalancerName", "'web'"):
        setting.cloud.load_balancer()


def test_a_load_balancer_has_a_network_interface_that_names_it(model: Cloud) -> None:
    """Others find its private address in EC2 by the description, until it is deleted."""
    arn = model.load_balancer(SecurityGroups=["sg-1"])["LoadBalancerArn"]
    shown = model.service.snapshot()["load_balancers"][0]
    (interface,) = model.ec2.interfaces.values()
    assert interface["Description"] == f"ELB {shown['full_name']}"
    assert interface["PrivateIpAddress"] == shown["address"]
    assert interface["Groups"] == ["sg-1"]
    model.elb.delete_load_balancer(LoadBalancerArn=arn)
    assert model.ec2.interfaces == {}


def test_a_load_balancer_without_an_interface_is_none(model: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """When EC2 refuses the interface, the load balancer is not left half made."""

    def refuse(**_: Any) -> None:
        raise ApiError("InsufficientFreeAddressesInSubnet", "none left")

    monkeypatch.setattr(model.ec2, "create_network_interface", refuse)
    with refused("InsufficientFreeAddressesInSubnet"):
        model.load_balancer()
    assert model.elb.describe_load_balancers()["LoadBalancers"] == []


def test_deletion_protection_protects(setting: Setting) -> None:
    """A protected load balancer stays until the protection is taken off; its listeners go with it."""
    elb, arn = setting.cloud.elb, setting.load_balancer
    protect = {"Key": "deletion_protection.enabled", "Value": "true"}
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protect])
    with refused("OperationNotPermitted", "deletion protection"):
        elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=[protect | {"Value": "false"}])
    elb.delete_load_balancer(LoadBalancerArn=arn)
    elb.delete_load_balancer(LoadBalancerArn=arn)
    with refused("ListenerNotFound"):
        elb.describe_listeners(ListenerArns=[setting.listener])


@pytest.mark.parametrize("operation", ["load_balancer", "target_group"])
def test_unknown_attributes_are_refused(setting: Setting, operation: str) -> None:
    """A misspelt attribute is refused by its key."""
    named = (
        {"LoadBalancerArn": setting.load_balancer} if operation == "load_balancer" else {"TargetGroupArn": setting.blue}
    )
    modify = getattr(setting.cloud.elb, f"modify_{operation}_attributes")
    with refused("ValidationError", "'no.such.key' is not recognized"):
        modify(**named, Attributes=[{"Key": "no.such.key", "Value": "1"}])


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("stickiness.enabled", "true", "UnsupportedOperation"),
        ("slow_start.duration_seconds", "30", "UnsupportedOperation"),
        ("deregistration_delay.timeout_seconds", "3601", "ValidationError"),
        ("deregistration_delay.timeout_seconds", "soon", "ValidationError"),
        ("load_balancing.algorithm.type", "luck", "ValidationError"),
    ],
)
def test_attributes_that_would_be_ignored_are_refused(setting: Setting, key: str, value: str, code: str) -> None:
    """An attribute that changes which target answers is honoured or refused."""
    with refused(code, key):
        setting.cloud.elb.modify_target_group_attributes(
            TargetGroupArn=setting.blue, Attributes=[{"Key": key, "Value": value}]
        )


def test_a_target_group_in_use_cannot_be_deleted(setting: Setting) -> None:
    """A group stays while any listener names it, with whatever weight; afterwards it can go, twice."""
    elb = setting.cloud.elb
    for group in (setting.blue, setting.green):
        with refused("ResourceInUse", "in use by a listener or a rule"):
            elb.delete_target_group(TargetGroupArn=group)
    elb.modify_listener(ListenerArn=setting.listener, DefaultActions=forward((setting.blue, 1)))
    elb.delete_target_group(TargetGroupArn=setting.green)
    elb.delete_target_group(TargetGroupArn=setting.green)
    assert [group["TargetGroupName"] for group in elb.describe_target_groups()["TargetGroups"]] == ["blue"]


def test_a_target_group_has_one_load_balancer(setting: Setting) -> None:
    """A group of one load balancer cannot be used by another."""
    other = setting.cloud.load_balancer("other")["LoadBalancerArn"]
    with refused("TargetGroupAssociationLimit", setting.blue):
        setting.cloud.listener(other, forward((setting.blue, 1)))
    assert setting.cloud.elb.describe_listeners(LoadBalancerArn=other)["Listeners"] == []


def test_a_forward_is_described_as_aws_describes_it(setting: Setting) -> None:
    """A single target group is shown both ways, several only with their weights; a missing weight is 1."""
    elb = setting.cloud.elb
    simple = [{"Type": "forward", "TargetGroupArn": setting.blue}]
    shown = elb.modify_listener(ListenerArn=setting.listener, DefaultActions=simple)["Listeners"][0]["DefaultActions"]
    config = {
        "TargetGroups": [{"TargetGroupArn": setting.blue, "Weight": 1}],
        "TargetGroupStickinessConfig": {"Enabled": False},
    }
    assert shown == [{"Type": "forward", "Order": 1, "TargetGroupArn": setting.blue, "ForwardConfig": config}]
    both = forward((setting.blue, 90), (setting.green, 10))
    shown = elb.modify_listener(ListenerArn=setting.listener, DefaultActions=both)["Listeners"][0]["DefaultActions"]
    assert "TargetGroupArn" not in shown[0]
    assert shown[0]["ForwardConfig"]["TargetGroups"] == both[0]["ForwardConfig"]["TargetGroups"]


@pytest.mark.parametrize(
    ("action", "code", "words"),
    [
        ({"Type": "forward"}, "ValidationError", "target group ARN"),
        ({"Type": "forward", "TargetGroupArn": "arn:none"}, "TargetGroupNotFound", "arn:none"),
        ({"Type": "redirect"}, "ValidationError", "redirect"),
        ({"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}, "ValidationError", "never ends"),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_307", "Port": "1"}},
            "ValidationError",
            "HTTP_301",
        ),
        (
            {"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301", "Path": "/x"}},
            "UnsupportedOperation",
            "the path",
        ),
        ({"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "302"}}, "ValidationError", "'302'"),
        (
            {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", "ContentType": "x/y"}},
            "ValidationError",
            "'x/y'",
        ),
        ({"Type": "authenticate-cognito"}, "UnsupportedOperation", "authenticate"),
    ],
)
def test_an_action_that_cannot_be_done_is_refused(
    setting: Setting, action: dict[str, Any], code: str, words: str
) -> None:
    """A malformed or unsupported action is refused and the listener stays as it was."""
    elb = setting.cloud.elb
    before = elb.describe_listeners(ListenerArns=[setting.listener])
    with refused(code, words):
        elb.modify_listener(ListenerArn=setting.listener, DefaultActions=[action])
    assert elb.describe_listeners(ListenerArns=[setting.listener]) == before


@pytest.mark.parametrize("weight", [-1, 1000])
def test_weights_are_0_to_999(setting: Setting, weight: int) -> None:
    """A weight outside AWS's range is refused."""
    with refused("ValidationError", f"'{weight}'"):
        setting.cloud.elb.modify_listener(ListenerArn=setting.listener, DefaultActions=forward((setting.blue, weight)))


def test_a_group_appears_once_in_a_forward(setting: Setting) -> None:
    """The same group twice, more than five groups, or stickiness are refused."""
    elb = setting.cloud.elb
    with refused("ValidationError", "different target groups"):
        elb.modify_listener(ListenerArn=setting.listener, DefaultActions=forward((setting.blue, 1), (setting.blue, 2)))
    sticky = forward((setting.blue, 1))
    sticky[0]["ForwardConfig"]["TargetGroupStickinessConfig"] = {"Enabled": True, "DurationSeconds": 60}
    with refused("UnsupportedOperation", "stickiness"):
        elb.modify_listener(ListenerArn=setting.listener, DefaultActions=sticky)


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        ({"Port": 80}, "DuplicateListener", "already exists"),
        ({"Port": 70000}, "ValidationError", "70000"),
        ({"Protocol": "TCP"}, "ValidationError", "TCP"),
        ({"Protocol": "HTTPS"}, "ValidationError", "certificate must be specified"),
        ({"Protocol": "HTTPS", "Certificates": [{"CertificateArn": "arn:none"}]}, "CertificateNotFound", "arn:none"),
        ({"Certificates": [{"CertificateArn": "arn:none"}]}, "ValidationError", "HTTPS"),
    ],
)
def test_a_listener_that_aws_refuses_is_refused(
    setting: Setting, change: dict[str, Any], code: str, words: str
) -> None:
    """A malformed listener is refused, and the load balancer keeps only the one it had."""
    wanted: dict[str, Any] = {
        "LoadBalancerArn": setting.load_balancer,
        "Port": 81,
        "Protocol": "HTTP",
        "DefaultActions": forward((setting.blue, 1)),
    }
    with refused(code, words):
        setting.cloud.elb.create_listener(**wanted | change)
    shown = setting.cloud.elb.describe_listeners(LoadBalancerArn=setting.load_balancer)["Listeners"]
    assert [listener["ListenerArn"] for listener in shown] == [setting.listener]


def test_an_https_listener_keeps_its_certificate(setting: Setting) -> None:
    """A change of actions leaves certificate and policy alone; HTTP again drops both."""
    cloud = setting.cloud
    cloud.authority.issue("arn:aws:acm:x:1:certificate/one", ["example.com"])
    secure = {
        "Protocol": "HTTPS",
        "Certificates": [{"CertificateArn": "arn:aws:acm:x:1:certificate/one"}],
        "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06",
    }
    cloud.elb.modify_listener(ListenerArn=setting.listener, **secure)
    shown = cloud.elb.modify_listener(ListenerArn=setting.listener, DefaultActions=forward((setting.green, 1)))
    assert {key: shown["Listeners"][0][key] for key in secure} == secure
    shown = cloud.elb.modify_listener(ListenerArn=setting.listener, Protocol="HTTP")
    assert not secure.keys() - {"Protocol"} & shown["Listeners"][0].keys()
    assert shown["Listeners"][0]["Protocol"] == "HTTP"


@pytest.mark.parametrize(
    ("operation", "named", "code"),
    [
        ("describe_load_balancers", {"LoadBalancerArns": ["arn:x"]}, "LoadBalancerNotFound"),
        ("describe_load_balancers", {"Names": ["x"]}, "LoadBalancerNotFound"),
        ("describe_target_groups", {"TargetGroupArns": ["arn:x"]}, "TargetGroupNotFound"),
        ("describe_target_groups", {"Names": ["x"]}, "TargetGroupNotFound"),
        ("describe_target_groups", {"LoadBalancerArn": "arn:x"}, "LoadBalancerNotFound"),
        ("describe_target_health", {"TargetGroupArn": "arn:x"}, "TargetGroupNotFound"),
        ("describe_listeners", {"ListenerArns": ["arn:x"]}, "ListenerNotFound"),
        ("describe_listeners", {}, "ValidationError"),
        ("describe_rules", {"RuleArns": ["arn:x"]}, "RuleNotFound"),
        ("describe_rules", {}, "ValidationError"),
        ("modify_listener", {"ListenerArn": "arn:x"}, "ListenerNotFound"),
        ("delete_listener", {"ListenerArn": "arn:x"}, "ListenerNotFound"),
        ("delete_rule", {"RuleArn": "arn:x"}, "RuleNotFound"),
        ("describe_tags", {"ResourceArns": ["arn:x"]}, "ValidationError"),
        ("deregister_targets", {"TargetGroupArn": "arn:x", "Targets": [{"Id": "127.0.0.1"}]}, "TargetGroupNotFound"),
    ],
)
def test_what_is_not_there_is_not_found(model: Cloud, operation: str, named: dict[str, Any], code: str) -> None:
    """Asking for something unknown gets AWS's own code for it."""
    with refused(code):
        getattr(model.elb, operation)(**named)


def test_rules_are_tried_by_priority_and_the_default_comes_last(setting: Setting) -> None:
    """Rules are described in the order in which they are tried, and their priorities are exclusive."""
    elb = setting.cloud.elb
    path = {"Field": "path-pattern", "PathPatternConfig": {"Values": ["/api/*"]}}
    host = {"Field": "host-header", "Values": ["*.example.com"]}
    actions = forward((setting.green, 1))
    late, early = (
        elb.create_rule(ListenerArn=setting.listener, Priority=priority, Conditions=[condition], Actions=actions)
        for priority, condition in ((20, path), (10, host))
    )
    shown = elb.describe_rules(ListenerArn=setting.listener)["Rules"]
    assert [rule["Priority"] for rule in shown] == ["10", "20", "default"]
    assert [rule["IsDefault"] for rule in shown] == [False, False, True]
    assert shown[0]["Conditions"] == [
        {"Field": "host-header", "Values": ["*.example.com"], "HostHeaderConfig": {"Values": ["*.example.com"]}}
    ]
    with refused("PriorityInUse", "'10'"):
        elb.create_rule(ListenerArn=setting.listener, Priority=10, Conditions=[path], Actions=actions)
    swapped = [
        {"RuleArn": late["Rules"][0]["RuleArn"], "Priority": 10},
        {"RuleArn": early["Rules"][0]["RuleArn"], "Priority": 20},
    ]
    elb.set_rule_priorities(RulePriorities=swapped)
    assert elb.describe_rules(ListenerArn=setting.listener)["Rules"][0]["RuleArn"] == late["Rules"][0]["RuleArn"]
    with refused("OperationNotPermitted", "cannot be deleted"):
        elb.delete_rule(RuleArn=shown[2]["RuleArn"])
    elb.delete_rule(RuleArn=late["Rules"][0]["RuleArn"])
    assert len(elb.describe_rules(ListenerArn=setting.listener)["Rules"]) == 2


@pytest.mark.parametrize(
    ("condition", "code", "words"),
    [
        ({"Field": "source-ip", "SourceIpConfig": {"Values": ["10.0.0.0/8"]}}, "UnsupportedOperation", "source-ip"),
        ({"Field": "path-pattern"}, "ValidationError", "needs values"),
        ({"Field": "path-pattern", "Values": list("abcdef")}, "TooManyConditionValues", "5"),
        ({"Field": "path-pattern", "PathPatternConfig": {"RegexValues": [".*"]}}, "UnsupportedOperation", "regular"),
    ],
)
def test_a_condition_is_honoured_or_refused(setting: Setting, condition: dict[str, Any], code: str, words: str) -> None:
    """A condition that the local cloud cannot match is refused by its name, never ignored."""
    with refused(code, words):
        setting.cloud.elb.create_rule(
            ListenerArn=setting.listener, Priority=1, Conditions=[condition], Actions=forward((setting.blue, 1))
        )


def test_tags_are_kept_on_everything(setting: Setting) -> None:
    """Tags can be added to and removed from load balancers, groups, listeners and rules."""
    elb = setting.cloud.elb
    rule = elb.describe_rules(ListenerArn=setting.listener)["Rules"][0]["RuleArn"]
    arns = [setting.load_balancer, setting.blue, setting.listener, rule]
    elb.add_tags(ResourceArns=arns, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": "2"}])
    elb.remove_tags(ResourceArns=arns, TagKeys=["a"])
    shown = elb.describe_tags(ResourceArns=arns)["TagDescriptions"]
    assert shown == [{"ResourceArn": arn, "Tags": [{"Key": "b", "Value": "2"}]} for arn in arns]


def test_a_target_of_an_unused_group_is_unused(model: Cloud) -> None:
    """A group that no listener names is not checked; its targets can leave at once."""
    group = model.target_group()
    model.elb.register_targets(TargetGroupArn=group, Targets=[{"Id": "127.76.0.1"}])
    (shown,) = model.elb.describe_target_health(TargetGroupArn=group)["TargetHealthDescriptions"]
    assert shown["Target"] == {"Id": "127.76.0.1", "Port": 8080}
    assert shown["TargetHealth"]["State"] == "unused"
    assert shown["TargetHealth"]["Reason"] == "Target.NotInUse"
    model.elb.deregister_targets(TargetGroupArn=group, Targets=[{"Id": "127.76.0.1"}])
    assert model.states(group) == {}


def test_an_unregistered_target_is_described_as_such(setting: Setting) -> None:
    """Asking for the health of a stranger says that it is not registered; deregistering it is refused."""
    elb = setting.cloud.elb
    stranger = {"Id": "127.76.0.9", "Port": 1}
    (shown,) = elb.describe_target_health(TargetGroupArn=setting.blue, Targets=[stranger])["TargetHealthDescriptions"]
    assert shown["TargetHealth"]["Reason"] == "Target.NotRegistered"
    with refused("InvalidTarget", r"127\.76\.0\.9"):
        elb.deregister_targets(TargetGroupArn=setting.blue, Targets=[stranger])


def test_a_draining_target_can_come_back(setting: Setting) -> None:
    """Registering a target that is draining starts it anew, with its health unknown."""
    elb = setting.cloud.elb
    target = {"Id": "127.76.0.1", "Port": 1}
    elb.register_targets(TargetGroupArn=setting.blue, Targets=[target])
    elb.deregister_targets(TargetGroupArn=setting.blue, Targets=[target])
    assert setting.cloud.states(setting.blue) == {"127.76.0.1": "draining"}
    elb.register_targets(TargetGroupArn=setting.blue, Targets=[target])
    assert setting.cloud.states(setting.blue) == {"127.76.0.1": "initial"}


def test_the_data_plane_is_told_what_the_records_say(setting: Setting) -> None:
    """A target that is not yet healthy is known to the data plane and gets no requests."""
    setting.cloud.elb.register_targets(TargetGroupArn=setting.blue, Targets=[{"Id": "127.76.0.1", "Port": 1}])
    plane: Any = setting.cloud.service._data_plane
    assert plane.configuration.backends[0] == Backend(
        f"group-{setting.blue.rpartition('/')[2]}", servers=(Server("127.76.0.1", 1, enabled=False),)
    )


def test_a_shift_of_traffic_is_in_the_journal(setting: Setting) -> None:
    """Changed weights are written down with names and numbers; a change of anything else is not a shift."""
    elb, journal = setting.cloud.elb, setting.cloud.journal
    elb.modify_listener(ListenerArn=setting.listener, Port=8080)
    elb.modify_listener(ListenerArn=setting.listener, DefaultActions=forward((setting.blue, 90), (setting.green, 10)))
    (entry,) = (entry for entry in journal.since(0) if entry.kind == "traffic")
    assert entry.what == "listener 8080 of web forwards to blue 90, green 10"
    assert entry.facts["weights"] == {"blue": 90, "green": 10}
