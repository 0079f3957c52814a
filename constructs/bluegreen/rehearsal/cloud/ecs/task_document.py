"""A task as DescribeTasks shows it."""

from typing import TYPE_CHECKING

from bluegreen.rehearsal.cloud.api import Document
from bluegreen.rehearsal.images import Images

from .task_spec import Container

if TYPE_CHECKING:
    from .tasks import Task


def describe(task: "Task", images: Images) -> Document:
    """Return a task in ECS's form.

    Args:
        task: The task.
        images: Tells the digests of the images that were pulled.
    """
    return {
        "taskArn": task.arn,
        "clusterArn": task.spec.cluster_arn,
        "taskDefinitionArn": task.spec.definition["taskDefinitionArn"],
        "group": task.spec.group,
        "startedBy": task.spec.started_by or None,
        "lastStatus": task.status,
        "desiredStatus": task.desired_status,
        "healthStatus": "UNKNOWN",
        "cpu": task.spec.definition["cpu"],
        "memory": task.spec.definition["memory"],
        "launchType": task.spec.launch_type,
        "platformVersion": task.spec.platform_version,
        "createdAt": task.created_at,
        "startedAt": task.started_at,
        "stoppingAt": task.stopping_at,
        "stoppedAt": task.stopped_at,
        "stopCode": task.stop_code,
        "stoppedReason": task.stopped_reason,
        "attachments": [
            {
                "id": task.id,
                "type": "ElasticNetworkInterface",
                "status": "DELETED" if task.status == "STOPPED" else "ATTACHED",
                "details": [{"name": "privateIPv4Address", "value": task.address}],
            }
        ],
        "containers": [_container(task, container, images) for container in task.containers],
        "overrides": task.spec.overrides,
    }


def _container(task: "Task", container: Container, images: Images) -> Document:
    image = container.definition["image"]
    return {
        "containerArn": f"{task.arn}/{container.definition['name']}",
        "taskArn": task.arn,
        "name": container.definition["name"],
        "image": image,
        # Known once the image is pulled.
        "imageDigest": images.digest(image) if container.process else None,
        "lastStatus": "STOPPED" if task.status == "STOPPED" or container.exit_code is not None else task.status,
        "exitCode": container.exit_code,
        "healthStatus": "UNKNOWN",
        "networkInterfaces": [{"attachmentId": task.id, "privateIpv4Address": task.address}],
    }
