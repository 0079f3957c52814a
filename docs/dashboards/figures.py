"""The figures behind the samples: level and swing of each metric, and the lines of the log tables."""

FIGURES: dict[tuple[str, str], tuple[float, float]] = {
    ("CPUUtilization", "Average"): (38, 0.35),
    ("CPUUtilization", "Maximum"): (52, 0.35),
    ("MemoryUtilization", "Average"): (54, 0.04),
    ("MemoryUtilization", "Maximum"): (61, 0.04),
    ("CpuReserved", ""): (3072, 0.0),
    ("MemoryReserved", ""): (6144, 0.0),
    ("HTTPCode_ELB_5XX_Count", ""): (0.4, 0.9),
    ("HTTPCode_ELB_4XX_Count", ""): (3, 0.6),
    ("RejectedConnectionCount", ""): (0.0, 0.0),
    ("ConsumedLCUs", ""): (0.03, 0.3),
    ("DatabaseConnections", ""): (26, 0.3),
    ("FreeStorageSpace", ""): (71 * 2**30, 0.01),
    ("FreeableMemory", ""): (1.1 * 2**30, 0.1),
    ("ReadLatency", ""): (0.0008, 0.3),
    ("WriteLatency", ""): (0.0021, 0.3),
    ("AllowedRequests", ""): (1790, 0.35),
    ("BlockedRequests", ""): (14, 0.8),
    ("CountedRequests", ""): (5, 0.8),
    ("SuccessPercent", ""): (100, 0.0),
    ("Duration", ""): (640, 0.1),
    ("BytesOutToDestination", ""): (9.0e6, 0.4),
    ("IncomingBytes", ""): (1.4e6, 0.4),
    ("EstimatedCharges", ""): (412, 0.02),
}
"""By name and statistic, an empty statistic for all: the level, of a sum by the minute, and its swing over the day."""

LOG_LINES: dict[str, list[tuple[str, ...]]] = {
    "Steps of the release, newest first": [
        ("@timestamp", "level", "version", "step"),
        ("11:58:41", "INFO", "v43", "Wait(reason=<WaitFor.RELEASE>, about='d-9X2QLM4TC')"),
        ("11:45:52", "INFO", "", "hook verdict for d-9X2QLM4TC: Succeeded: 3 checks passed"),
        ("11:41:07", "INFO", "", "hook verdict for d-9X2QLM4TC: Succeeded: 1 revision applied"),
        ("11:39:30", "INFO", "v43", "StartDeployment(without_alarms=(), back=False)"),
        ("10:16:12", "INFO", "v42", "Succeed(reason='v42 is live')"),
        ("09:54:20", "INFO", "", "hook verdict for d-4F7KZ1BVD: Succeeded: 3 checks passed"),
        ("09:47:55", "INFO", "v42", "StartDeployment(without_alarms=(), back=False)"),
    ],
    "Migrations, newest first": [
        ("@timestamp", "run", "what", "reason"),
        ("11:41:06", "d-9X2QLM4TC", "succeeded", "1 revision applied"),
        ("11:40:12", "d-9X2QLM4TC", "run", ""),
        ("11:39:48", "d-9X2QLM4TC", "restore point", ""),
        ("11:39:36", "d-9X2QLM4TC", "plan", ""),
        ("09:48:21", "d-4F7KZ1BVD", "succeeded", "nothing pending"),
    ],
    "Newest errors in the logs": [
        ("@timestamp", "@log", "@message"),
        ("11:52:09", "orders", "ERROR orders.app: POST /orders: database timeout after 4000 ms"),
        ("11:49:44", "orders", "ERROR orders.app: POST /orders: database timeout after 4000 ms"),
        ("09:57:31", "orders", "ERROR orders.app: GET /orders/1881: connection reset by peer"),
    ],
}
"""By the table's title: the header, then the lines."""
