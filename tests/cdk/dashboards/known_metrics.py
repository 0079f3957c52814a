"""The metrics that AWS documents, by namespace: name, and the sets of dimensions that each comes with.

Written by hand from the services' own pages on monitoring, never from this library.
"""

_GROUP = frozenset({"LoadBalancer", "TargetGroup"})
_LOAD_BALANCER = frozenset({"LoadBalancer"})
_SERVICE = frozenset({"ClusterName", "ServiceName"})
_INSTANCE = frozenset({"DBInstanceIdentifier"})
_CLUSTER = frozenset({"DBClusterIdentifier"})
_NODE = frozenset({"CacheClusterId"})
_TABLE = frozenset({"TableName"})
_ACL = frozenset({"WebACL", "Region", "Rule"})
_CANARY = frozenset({"CanaryName"})

KNOWN: dict[str, dict[str, set[frozenset[str]]]] = {
    "AWS/ApplicationELB": {
        "RequestCount": {_GROUP, _LOAD_BALANCER},
        "HTTPCode_Target_5XX_Count": {_GROUP, _LOAD_BALANCER},
        "TargetConnectionErrorCount": {_GROUP, _LOAD_BALANCER},
        "TargetResponseTime": {_GROUP, _LOAD_BALANCER},
        "HealthyHostCount": {_GROUP},
        "UnHealthyHostCount": {_GROUP},
        "HTTPCode_ELB_5XX_Count": {_LOAD_BALANCER},
        "HTTPCode_ELB_4XX_Count": {_LOAD_BALANCER},
        "RejectedConnectionCount": {_LOAD_BALANCER},
        "ConsumedLCUs": {_LOAD_BALANCER},
    },
    "AWS/ECS": {"CPUUtilization": {_SERVICE}, "MemoryUtilization": {_SERVICE}},
    "ECS/ContainerInsights": {
        "RunningTaskCount": {_SERVICE},
        "DesiredTaskCount": {_SERVICE},
        "CpuReserved": {_SERVICE},
        "MemoryReserved": {_SERVICE},
    },
    "AWS/RDS": {
        "CPUUtilization": {_INSTANCE, _CLUSTER},
        "DatabaseConnections": {_INSTANCE, _CLUSTER},
        "FreeStorageSpace": {_INSTANCE},
        "FreeLocalStorage": {_INSTANCE, _CLUSTER},
        "FreeableMemory": {_INSTANCE, _CLUSTER},
        "ReadLatency": {_INSTANCE, _CLUSTER},
        "WriteLatency": {_INSTANCE, _CLUSTER},
    },
    "AWS/ElastiCache": {
        "EngineCPUUtilization": {_NODE},
        "DatabaseMemoryUsagePercentage": {_NODE},
        "CurrConnections": {_NODE},
        "Evictions": {_NODE},
    },
    "AWS/DynamoDB": {
        "ConsumedReadCapacityUnits": {_TABLE},
        "ConsumedWriteCapacityUnits": {_TABLE},
        "ReadThrottleEvents": {_TABLE},
        "WriteThrottleEvents": {_TABLE},
    },
    "AWS/WAFV2": {"AllowedRequests": {_ACL}, "BlockedRequests": {_ACL}, "CountedRequests": {_ACL}},
    "CloudWatchSynthetics": {"SuccessPercent": {_CANARY}, "Duration": {_CANARY}},
    "AWS/NATGateway": {"BytesOutToDestination": {frozenset({"NatGatewayId"})}},
    "AWS/Logs": {"IncomingBytes": {frozenset({"LogGroupName"})}},
    "AWS/Billing": {"EstimatedCharges": {frozenset({"Currency"})}},
}
