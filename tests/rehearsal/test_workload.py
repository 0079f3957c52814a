from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bluegreen.rehearsal.workload import LoadTableError, Request, Workload, in_turn


@pytest.mark.parametrize("content", [None, "", "[images.orders]\ncommand = ['true']"])
def test_without_a_load_table_the_load_is_a_get(tmp_path: Path, content: str | None) -> None:
    """A file that says nothing about the load gets `GET /` at more than 400 requests a second over 16 connections."""
    file = tmp_path / "bluegreen.toml"
    if content is not None:
        file.write_text(content)
    assert Workload.load(file) == Workload(requests=(Request(path="/"),), per_second=450, connections=16)


def test_a_load_table_is_read(tmp_path: Path) -> None:
    """Rate, connections and each request's method, path, JSON and share come from the file."""
    file = tmp_path / "bluegreen.toml"
    file.write_text(
        "[load]\nrequests_per_second = 500\nconnections = 8\n"
        '[[load.requests]]\npath = "/"\nshare = 9\n'
        '[[load.requests]]\nmethod = "POST"\npath = "/orders?x=1"\njson = { n = 1 }\nconfirm = "/orders/{id}"\n'
    )
    assert Workload.load(file) == Workload(
        requests=(
            Request(path="/", share=9),
            Request(path="/orders?x=1", method="POST", body='{"n": 1}', confirm="/orders/{id}"),
        ),
        per_second=500,
        connections=8,
    )


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("load = 3", "load must be a table, got 3"),
        ("[load]\nrate = 3", "unknown key 'rate' in load; allowed are connections, requests, requests_per_second"),
        ("[load]\nrequests_per_second = 0", "load.requests_per_second must be a whole number of 1-5000, got 0"),
        ("[load]\nconnections = true", "load.connections must be a whole number of 1-256, got True"),
        ("[load]\nconnections = 257", "got 257"),
        ("[load]\nrequests = []", "load.requests must be a list of tables that is not empty"),
        ("[[load.requests]]\nmethod = 'GET'", "load.requests[0].path"),
        ("[[load.requests]]\npath = 'orders'", "got 'orders'"),
        ("[[load.requests]]\npath = '/a b'", "got '/a b'"),
        ('[[load.requests]]\npath = "/a\\r\\nX: y"', "printable"),
        ("[[load.requests]]\npath = '/'\nmethod = 'BREW'", "load.requests[0].method must be one of GET,"),
        ("[[load.requests]]\npath = '/'\nshare = 1001", "load.requests[0].share must be a whole number of 1-1000"),
        ("[[load.requests]]\npath = '/'\nbody = 'x'", "unknown key 'body' in load.requests[0]"),
        ("[[load.requests]]\npath = '/'\nconfirm = '{id}'", "load.requests[0].confirm must start with"),
        ("[[load.requests]]\npath = '/'\nconfirm = '/last'", "confirm must name a field of the answer"),
        ("[load", "cannot read"),
    ],
)
def test_a_wrong_load_table_is_refused(tmp_path: Path, table: str, said: str) -> None:
    """A table that cannot be used is refused with the place, the value and what is allowed."""
    file = tmp_path / "bluegreen.toml"
    file.write_text(table)
    with pytest.raises(LoadTableError) as refusal:
        Workload.load(file)
    assert said in str(refusal.value)
    assert str(file) in str(refusal.value)
    assert refusal.value.hint


def test_reading_back_can_be_left_out() -> None:
    """Without confirming, the load sends the same requests at the same rate."""
    load = Workload(requests=(Request(path="/orders", method="POST", confirm="/orders/{id}"),), per_second=9)
    assert load.without_confirming() == Workload(requests=(Request(path="/orders", method="POST"),), per_second=9)


@given(st.lists(st.integers(1, 50), min_size=1, max_size=6))
def test_shares_are_exact_over_a_cycle(shares: list[int]) -> None:
    """Over one cycle each request comes exactly as often as its share says."""
    requests = tuple(Request(path=f"/{index}", share=share) for index, share in enumerate(shares))
    turns = in_turn(requests)
    assert Counter(next(turns).path for _ in range(sum(shares))) == {one.path: one.share for one in requests}
