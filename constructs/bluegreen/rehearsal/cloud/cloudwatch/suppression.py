"""When a composite alarm that has a suppressor performs its actions. Its state changes all the same."""

from dataclasses import dataclass

from bluegreen.rehearsal.cloud.api import ApiError, Document

from .judgement import State

_PERIODS = ("ActionsSuppressorWaitPeriod", "ActionsSuppressorExtensionPeriod")


@dataclass(frozen=True, kw_only=True)
class Suppressor:
    """What keeps a composite alarm quiet.

    Args:
        name: The alarm that does while it is in ALARM.
        wait_seconds: How long the composite waits, after it changed, for that alarm to go into ALARM.
        extension_seconds: How long it waits after that alarm went out of ALARM.
    """

    name: str
    wait_seconds: float
    extension_seconds: float

    def lets_act(self, *, changed_at: float, state: State, left_at: float | None, now: float) -> bool:
        """Return whether the composite may act now.

        Args:
            changed_at: When the composite changed its state.
            state: The suppressor's state.
            left_at: When the suppressor went out of ALARM last; None when it never was in it.
            now: Cloud time.
        """
        if state is State.ALARM or now < changed_at + self.wait_seconds:
            return False
        return left_at is None or now >= left_at + self.extension_seconds


def read_suppressor(request: Document) -> Suppressor | None:
    """Read a PutCompositeAlarm request's suppressor.

    Raises:
        ApiError: If its two periods are not both given with it, and only with it.
    """
    given = [name for name in _PERIODS if name in request]
    if "ActionsSuppressor" not in request:
        if given:
            raise ApiError("ValidationError", f"{given[0]} needs ActionsSuppressor")
        return None
    missing = [name for name in _PERIODS if name not in request]
    if missing:
        raise ApiError("ValidationError", f"ActionsSuppressor needs {missing[0]}")
    wait, extension = (float(request[name]) for name in _PERIODS)
    name = request["ActionsSuppressor"].rpartition(":alarm:")[2]
    return Suppressor(name=name, wait_seconds=wait, extension_seconds=extension)
