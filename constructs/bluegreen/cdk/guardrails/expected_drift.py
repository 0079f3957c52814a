"""What differs from the template because this library, or AWS at its request, changes it between deployments."""

from collections.abc import Mapping

EXPECTED_DRIFT: Mapping[str, Mapping[str, str]] = {
    "AWS::ApplicationAutoScaling::ScalableTarget": {
        "/SuspendedState": "a release keeps tasks from being taken away while it shifts traffic",
    },
    "AWS::ECS::Service": {
        "/CapacityProviderStrategy": "each release brings its own",
        "/DesiredCount": "autoscaling sets it",
        "/HealthCheckGracePeriodSeconds": "each release brings its own",
        "/LaunchType": "a release with capacity providers replaces it",
        "/LoadBalancers": "CodeDeploy swaps the target groups",
        "/NetworkConfiguration": "each release brings its own",
        "/PlatformVersion": "each release brings its own",
        "/TaskDefinition": "each release brings its own",
    },
    "AWS::ElasticLoadBalancingV2::Listener": {
        "/DefaultActions": "CodeDeploy moves the traffic",
    },
    "AWS::ElasticLoadBalancingV2::ListenerRule": {
        "/Actions": "CodeDeploy moves the traffic",
    },
    "AWS::RDS::DBInstance": {
        "/AllocatedStorage": "RDS enlarges it before it is full",
        "/EngineVersion": "RDS installs minor versions in its maintenance window",
    },
}
"""By type and property path, with all that is below it, why it may differ. A target group's health check, which each
release sets, is not in the template."""
