"""One CDK app: `python benchmarks/app.py KIND COUNT OUTDIR` synthesizes COUNT plain services of one kind.

Each kind imports only what it needs, because importing is part of what its user waits for.
"""

import sys
from typing import Any


def main(kind: str, count: int, outdir: str) -> None:
    """Synthesize `count` services of `kind` (bare, peer or bluegreen) into `outdir`."""
    import aws_cdk as cdk  # noqa: PLC0415 - measured
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415
    from aws_cdk import aws_ecs as ecs  # noqa: PLC0415

    app = cdk.App(outdir=outdir)
    # The peer needs a region for its access logs, so all three get one.
    stack = cdk.Stack(app, "Bench", env=cdk.Environment(account="123456789012", region="eu-west-1"))
    vpc = ec2.Vpc(stack, "Vpc", max_azs=2)
    cluster = ecs.Cluster(stack, "Cluster", vpc=vpc)
    image = ecs.ContainerImage.from_registry("public.ecr.aws/docker/library/httpd:2.4")
    add: Any = {"bare": _bare, "peer": _peer, "bluegreen": _bluegreen}[kind]
    for number in range(count):
        add(stack, f"Service{number}", cluster, image)
    app.synth()


def _bare(stack: Any, name: str, cluster: Any, image: Any) -> None:
    from aws_cdk import aws_ecs_patterns as patterns  # noqa: PLC0415

    options = patterns.ApplicationLoadBalancedTaskImageOptions(image=image, container_port=80)
    patterns.ApplicationLoadBalancedFargateService(stack, name, cluster=cluster, task_image_options=options)


def _peer(stack: Any, name: str, cluster: Any, image: Any) -> None:
    from aws_cdk import aws_ecs_patterns as patterns  # noqa: PLC0415
    from cdk import ecs_codedeploy as peer  # noqa: PLC0415

    options = patterns.ApplicationLoadBalancedTaskImageOptions(image=image, container_port=80)
    peer.ApplicationLoadBalancedCodeDeployedFargateService(stack, name, cluster=cluster, task_image_options=options)


def _bluegreen(stack: Any, name: str, cluster: Any, image: Any) -> None:
    from bluegreen.cdk import BlueGreenService  # noqa: PLC0415

    BlueGreenService(stack, name, cluster=cluster, image=image, container_port=80)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), sys.argv[3])
