"""A look passes only if the environment is closed, and is what was confirmed (reading 9)."""

from __future__ import annotations

import contextlib
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from shenyong.registry import Scope
from shenyong.registry.probe import (
    LONGEST_SECONDS,
    Probed,
    ProbeError,
    ProbeFault,
    ProbeSigner,
    Report,
    Route,
    faults,
    model_of,
    opened,
)

pytestmark = pytest.mark.point("ey-genai-2023:4")
NOW = 1_800_000_000_000_000
SCOPE = Scope("http://10.9.0.2:80", "m", "ab" * 32, "stack/1", "10.9.0.0/24")
GOOD = Report(
    model="local/m", at=NOW - 1_000_000, number=5,
    routes=(Route("10.9.0.0/24", "eth0"), Route("fe80::/64", "eth0"), Route("ff00::/8", "eth0")),
    resolved=(), connected=(), listening=("10.9.0.2:80", "127.0.0.1:5432", "0.0.0.0:80", "[::]:80"),
    weights_sha256="ab" * 32, stack="stack/1", segments=("10.9.0.0/24",), tried=9,
)  # fmt: skip
SIGNER = ProbeSigner(b"\1" * 32)


def found(**changes: Any) -> set[str]:
    report = msgspec.structs.replace(GOOD, **changes)
    return {each.value for each in faults(report, SCOPE, "local/m", now=NOW, last=4)}


def test_a_closed_environment_passes() -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("changes", "fault"),
    [
        ({"routes": (*GOOD.routes, Route("0.0.0.0/0", "eth0", "10.9.0.1"))}, ProbeFault.ROUTE),
        ({"routes": (*GOOD.routes, Route("::/0", "eth0", "fe80::1"))}, ProbeFault.ROUTE),
        ({"routes": (Route("10.0.0.0/8", "eth0"),)}, ProbeFault.ROUTE),
        ({"routes": (Route("8.8.8.8/32", "eth0", "10.9.0.1"),)}, ProbeFault.ROUTE),
        ({"routes": (Route("rubbish", "eth0"),)}, ProbeFault.ROUTE),
        ({"resolved": ("example.com",)}, ProbeFault.NAME),
        ({"connected": ("1.1.1.1:443",)}, ProbeFault.CONNECTION),
        ({"listening": ("192.0.2.7:22",)}, ProbeFault.LISTENING),
        ({"listening": ("[2001:db8::1]:22",)}, ProbeFault.LISTENING),
        ({"weights_sha256": "ab" * 31 + "ac"}, ProbeFault.WEIGHTS),
        ({"stack": "stack/2"}, ProbeFault.STACK),
        ({"segments": ("0.0.0.0/0",)}, ProbeFault.SEGMENT),
        ({"at": NOW - (LONGEST_SECONDS + 1) * 1_000_000}, ProbeFault.OLD),
        ({"at": NOW + 60_000_000}, ProbeFault.FUTURE),
        ({"number": 4}, ProbeFault.REPLAYED),
        ({"model": "other"}, ProbeFault.MODEL),
        ({"tried": 0}, ProbeFault.UNTRIED),
    ],
)
def test_every_way_out_and_every_change_fails(changes: dict[str, Any], fault: ProbeFault) -> None:
    assert fault.value in found(**changes)


@given(st.ip_addresses(v=4), st.integers(0, 32))
def test_no_route_but_the_segment_s_own_passes(address: Any, bits: int) -> None:
    import ipaddress

    network = ipaddress.ip_network(f"{address}/{bits}", strict=False)
    inside = [ipaddress.ip_network(each) for each in
              ("10.9.0.0/24", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4")]  # fmt: skip
    passes = "route" not in found(routes=(Route(str(network), "eth0"),))
    assert passes == any(network.subnet_of(each) for each in inside)  # type: ignore[arg-type]


@given(st.data())
def test_no_byte_of_a_signed_report_can_be_changed(data: st.DataObject) -> None:
    sent = bytearray(SIGNER.signed(GOOD))
    assert opened(bytes(sent), SIGNER.public) == GOOD
    place = data.draw(st.integers(0, len(sent) - 1))
    sent[place] ^= data.draw(st.integers(1, 255))
    with contextlib.suppress(ProbeError):
        assert opened(bytes(sent), SIGNER.public) == GOOD  # white space, or the same value


def test_another_key_s_report_is_not_taken() -> None:
    with pytest.raises(ProbeError):
        opened(SIGNER.signed(GOOD), ProbeSigner(b"\2" * 32).public)
    assert model_of(SIGNER.signed(GOOD)) == "local/m"
    for rubbish in (b"", b"{}", b"[]", b'{"report":"x","signature":"y"}', b"\xff"):
        with pytest.raises(ProbeError):
            model_of(rubbish)


@given(st.integers(1, 60), st.integers(0, 10**9), st.integers(0, 10**9), st.integers(0, 10**9))
def test_it_holds_for_a_minute_at_most_and_never_after_a_failure(
    every: int, passed: int, failed: int, at: int
) -> None:
    probed = Probed(every, passed, failed)
    if probed.holds(at):
        assert passed > failed
        assert at - passed <= LONGEST_SECONDS * 1_000_000
    if failed >= passed or at - passed > LONGEST_SECONDS * 1_000_000:
        assert not probed.holds(at)
