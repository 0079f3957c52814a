"""What ECS says of the service's own tasks."""

import aws_clients


def running(cluster: str, service: str) -> int:
    """Return how many of a service's tasks run; none of a service that does not exist yet.

    Args:
        cluster: The cluster's ARN.
        service: The service's name.

    Raises:
        botocore.exceptions.ClientError: If AWS refused to tell.
        botocore.exceptions.BotoCoreError: If AWS could not be asked.
    """
    described = aws_clients.client("ecs").describe_services(cluster=cluster, services=[service])["services"]
    return sum(int(one["runningCount"]) for one in described)
