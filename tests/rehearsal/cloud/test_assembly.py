"""The parts of the local cloud, put together as a rehearsal runs them: what one part tells another arrives."""

import json
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest

FACTOR = 120
TOML = '[images.web]\ncommand = ["{python}", "-m", "http.server", "-b", "{host}", "{port}"]\n'
NETWORK = {"subnets": ["subnet-a"], "securityGroups": ["sg-1"], "assignPublicIp": "DISABLED"}


class Cloud:
    """A cloud with a service of two tasks behind a load balancer, and a deployment group that is ready to deploy."""

    def __init__(self, ready: dict[str, Any]) -> None:
        self.ready = ready
        self.service = {"cluster": "main", "service": "web"}
        self.topic = self.client("sns").create_topic(Name="told")["TopicArn"]
        groups = self._load_balancer()
        self._service(groups[0])
        self._deployment_group()

    def client(self, name: Any) -> Any:
        return boto3.client(
            name,
            endpoint_url=self.ready["endpoint"],
            region_name=self.ready["region"],
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def journal(self, kind: str) -> list[dict[str, Any]]:
        with urllib.request.urlopen(f"{self.ready['control']}/journal", timeout=10) as answer:  # noqa: S310 - loopback
            return [entry for entry in json.load(answer)["entries"] if entry["kind"] == kind]

    def _load_balancer(self) -> list[str]:
        elb, ec2 = self.client("elbv2"), self.client("ec2")
        subnets = ec2.describe_subnets()["Subnets"][:2]
        balancer = elb.create_load_balancer(Name="web", Subnets=[one["SubnetId"] for one in subnets])
        (arn,) = [one["LoadBalancerArn"] for one in balancer["LoadBalancers"]]
        groups = []
        for name in ("blue", "green"):
            made = elb.create_target_group(
                Name=name, Protocol="HTTP", Port=80, VpcId=subnets[0]["VpcId"], TargetType="ip"
            )
            groups.append(made["TargetGroups"][0]["TargetGroupArn"])
        weights = [{"TargetGroupArn": one, "Weight": weight} for one, weight in zip(groups, (100, 0), strict=True)]
        action = {"Type": "forward", "ForwardConfig": {"TargetGroups": weights}}
        made = elb.create_listener(LoadBalancerArn=arn, Protocol="HTTP", Port=80, DefaultActions=[action])
        self.listener = made["Listeners"][0]["ListenerArn"]
        return groups

    def _service(self, group: str) -> None:
        ecs = self.client("ecs")
        ecs.create_cluster(clusterName="main")
        container = {"name": "app", "image": "web:1", "portMappings": [{"containerPort": 8080}]}
        self.task_definition = ecs.register_task_definition(
            family="web",
            networkMode="awsvpc",
            requiresCompatibilities=["FARGATE"],
            cpu="256",
            memory="512",
            containerDefinitions=[container],
        )["taskDefinition"]["taskDefinitionArn"]
        ecs.create_service(
            cluster="main",
            serviceName="web",
            taskDefinition=self.task_definition,
            desiredCount=1,
            launchType="FARGATE",
            deploymentController={"type": "CODE_DEPLOY"},
            loadBalancers=[{"targetGroupArn": group, "containerName": "app", "containerPort": 8080}],
            networkConfiguration={"awsvpcConfiguration": NETWORK},
        )

    def _deployment_group(self) -> None:
        codedeploy = self.client("codedeploy")
        codedeploy.create_application(applicationName="shop", computePlatform="ECS")
        pair = {
            "targetGroups": [{"name": "blue"}, {"name": "green"}],
            "prodTrafficRoute": {"listenerArns": [self.listener]},
        }
        codedeploy.create_deployment_group(
            applicationName="shop",
            deploymentGroupName="web",
            serviceRoleArn="arn:aws:iam::123456789012:role/any",
            deploymentConfigName="CodeDeployDefault.ECSAllAtOnce",
            deploymentStyle={"deploymentType": "BLUE_GREEN", "deploymentOption": "WITH_TRAFFIC_CONTROL"},
            ecsServices=[{"clusterName": "main", "serviceName": "web"}],
            loadBalancerInfo={"targetGroupPairInfoList": [pair]},
            blueGreenDeploymentConfiguration={
                "deploymentReadyOption": {"actionOnTimeout": "CONTINUE_DEPLOYMENT", "waitTimeInMinutes": 0},
                "terminateBlueInstancesOnDeploymentSuccess": {"terminationWaitTimeInMinutes": 0},
            },
        )

    def deploy(self) -> str:
        properties = {
            "TaskDefinition": self.task_definition,
            "LoadBalancerInfo": {"ContainerName": "app", "ContainerPort": 8080},
        }
        resource = {"TargetService": {"Type": "AWS::ECS::Service", "Properties": properties}}
        content = json.dumps({"version": 0.0, "Resources": [resource]})
        deployment: str = self.client("codedeploy").create_deployment(
            applicationName="shop",
            deploymentGroupName="web",
            revision={"revisionType": "AppSpecContent", "appSpecContent": {"content": content}},
        )["deploymentId"]
        return deployment


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cloud]:
    folder = tmp_path_factory.mktemp("app")
    (folder / "bluegreen.toml").write_text(TOML)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    arguments = [
        "--folder",
        str(folder / "cloud"),
        "--port",
        str(port),
        "--app-dir",
        str(folder),
        "--factor",
        str(FACTOR),
    ]
    command = [sys.executable, "-m", "bluegreen.rehearsal.cloud", *arguments]
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, (folder / "log").read_text()
    yield Cloud(json.loads(line))
    process.terminate()
    assert process.wait(20) == 0
    process.stdout.close()


def until(found: Callable[[], list[Any]], what: str) -> list[Any]:
    """Wait until something is there."""
    for _ in range(1000):
        if seen := found():
            return seen
        time.sleep(0.02)
    raise AssertionError(what)


def test_a_deployments_states_reach_a_topic_by_a_rule(cloud: Cloud) -> None:
    """A rule for CodeDeploy's state changes hears START and SUCCESS of a deployment that really ran."""
    events = cloud.client("events")
    pattern = {"source": ["aws.codedeploy"], "detail-type": ["CodeDeploy Deployment State-change Notification"]}
    events.put_rule(Name="ended", EventPattern=json.dumps(pattern | {"detail": {"state": ["START", "SUCCESS"]}}))
    events.put_targets(Rule="ended", Targets=[{"Id": "1", "Arn": cloud.topic}])
    deployment = cloud.deploy()

    def told() -> list[str]:
        texts = [json.loads(entry["facts"]["text"]) for entry in cloud.journal("notification")]
        states = [text["detail"]["state"] for text in texts if text["detail"]["deploymentId"] == deployment]
        return states if "SUCCESS" in states else []

    assert until(told, "no SUCCESS was told") == ["START", "SUCCESS"]


def test_a_policy_scales_the_service_through_its_alarm(cloud: Cloud) -> None:
    """Tasks busier than the target for three minutes of cloud time get another, and the journal says which alarm."""
    scaling = cloud.client("application-autoscaling")
    target = {
        "ServiceNamespace": "ecs",
        "ResourceId": "service/main/web",
        "ScalableDimension": "ecs:service:DesiredCount",
    }
    scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    # Memory that every process has: the target is far below it.
    metric = {"PredefinedMetricType": "ECSServiceAverageMemoryUtilization"}
    tracking = {"TargetValue": 0.1, "PredefinedMetricSpecification": metric}
    scaling.put_scaling_policy(
        **target,
        PolicyName="memory",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration=tracking,
    )
    activities = until(
        lambda: scaling.describe_scaling_activities(ServiceNamespace="ecs")["ScalingActivities"], "nothing was scaled"
    )
    assert activities[0]["Description"] == "Setting desired count to 2."
    (service,) = cloud.client("ecs").describe_services(cluster="main", services=["web"])["services"]
    assert service["desiredCount"] == 2
    (entry,) = cloud.journal("scaling")
    assert entry["facts"]["desired"] == 2
    assert "-AlarmHigh-" in entry["facts"]["cause"]
    assert cloud.journal("alarm") == []
