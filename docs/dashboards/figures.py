"""The figures behind the samples: level and swing of each metric, and the lines of the log tables."""

from bluegreen.release.decisions import StartDeployment, Succeed, Wait
from bluegreen.release.hook_log import verdict_line
from bluegreen.release.migrations.result import Outcome
from bluegreen.release.observation import WaitFor

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

_NOW, _BEFORE = "d-9X2QLM4TC", "d-4F7KZ1BVD"


def _at(deployment_id: str, step: str) -> str:
    """Return what the release function logs while it waits for a deployment."""
    return str(Wait(WaitFor.STEP, f"{deployment_id} at {step}"))


LOG_LINES: dict[str, list[tuple[str, ...]]] = {
    "Steps of the release, newest first": [
        ("@timestamp", "level", "version", "step"),
        ("11:58:41", "INFO", "v43", _at(_NOW, "AllowTraffic")),
        ("11:45:57", "INFO", "v43", _at(_NOW, "AfterAllowTestTraffic")),
        ("11:45:52", "INFO", "", verdict_line(_NOW, "Succeeded", "3 checks passed")),
        ("11:45:12", "INFO", "v43", _at(_NOW, "Install")),
        ("11:41:09", "INFO", "v43", _at(_NOW, "BeforeInstall")),
        ("11:41:07", "INFO", "", verdict_line(_NOW, "Succeeded", "1 revision applied")),
        ("11:39:30", "INFO", "v43", str(StartDeployment())),
        ("10:06:12", "INFO", "v42", str(Succeed("v42 is live"))),
        ("10:05:58", "INFO", "v42", _at(_BEFORE, "AfterAllowTraffic")),
    ],
    "Migrations, newest first": [
        ("@timestamp", "run", "what", "reason"),
        ("11:41:06", _NOW, Outcome.MIGRATED.value, "1 revision applied"),
        ("11:40:12", _NOW, "migrate", ""),
        ("11:39:48", _NOW, "protect", ""),
        ("11:39:36", _NOW, "plan", ""),
        ("09:48:21", _BEFORE, Outcome.NOTHING_PENDING.value, "nothing is pending"),
    ],
    "Newest errors in the logs": [
        ("@timestamp", "@log", "@message"),
        ("11:52:09", "orders", "ERROR orders.app: POST /orders: database timeout after 4000 ms"),
        ("11:49:44", "orders", "ERROR orders.app: POST /orders: database timeout after 4000 ms"),
        ("09:57:31", "orders", "ERROR orders.app: GET /orders/1881: connection reset by peer"),
    ],
}
"""By the table's title: the header, then the lines, as the functions of this project write them."""
