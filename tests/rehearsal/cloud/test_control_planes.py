import threading

from bluegreen.rehearsal.cloud.clock import Clock


def test_a_closed_gate_holds_up_until_it_opens_or_its_caller_ends() -> None:
    """Whoever waits at the gate goes on when it opens, and ends when it is told to."""
    gate = Clock().control_planes
    assert gate.wait() is False
    gate.close()
    passed = threading.Thread(target=gate.wait)
    passed.start()
    stop = threading.Event()
    stop.set()
    assert gate.wait(stop) is True
    assert passed.is_alive()
    gate.open()
    passed.join(5)
    assert not passed.is_alive()
