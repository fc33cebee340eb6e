"""The log: one JSON line an event, of fixed fields, with no room for what a person wrote."""

from __future__ import annotations

import datetime
import io
import json
import re

import msgspec
import pytest
from tests.gateway.walking import ID_NUMBER

from shenyong.gateway.journal import Journal, Line, place_of, timestamp

pytestmark = pytest.mark.point("ey-genai-2023:4")


def written(*lines: Line, requests: bool = True, level: str = "info") -> str:
    stream = io.StringIO()
    journal = Journal(stream, requests=requests, level=level)
    for line in lines:
        journal.write(line)
    return stream.getvalue()


def raised(make: object) -> BaseException:
    """The exception that a call raises, with its way."""
    try:
        make()  # type: ignore[operator]
    except Exception as error:
        return error
    raise AssertionError("it was to fail")


class TestLine:
    def test_each_event_is_one_line_of_json(self):
        text = written(Line("t1", "request", status=200), Line("t2", "start_failed"))
        assert [json.loads(line)["event"] for line in text.splitlines()] == [
            "request",
            "start_failed",
        ]
        assert text.endswith("\n")

    def test_what_is_not_known_is_left_out(self):
        assert json.loads(written(Line("t", "request", status=404))) == {
            "time": "t",
            "event": "request",
            "status": 404,
        }

    def test_it_says_the_decision_and_how_long_it_took(self):
        line = Line(
            "t",
            "request",
            request_id="r",
            verdict="redact",
            points=("3", "4"),
            kinds=("person_name",),
            inspect_us=120,
        )
        said = json.loads(written(line))
        assert said["points"] == ["3", "4"]
        assert said["kinds"] == ["person_name"]
        assert said["inspect_us"] == 120

    def test_a_line_break_can_not_forge_a_second_line(self):
        text = written(Line("t", "request", model='x"}\n{"event":"forged'))
        assert len(text.splitlines()) == 1
        assert json.loads(text)["event"] == "request"

    def test_there_is_no_field_for_free_text(self):
        fields = {field.name for field in msgspec.structs.fields(Line)}
        assert fields == {
            "time", "event", "request_id", "agency", "key", "model", "environment", "verdict",
            "points", "kinds", "status", "code", "outcome", "inspect_us", "record_us", "total_us",
            "error",
        }  # fmt: skip
        with pytest.raises(TypeError):
            Line("t", "request", message=ID_NUMBER)  # type: ignore[call-arg]

    @pytest.mark.parametrize(
        ("level", "requests", "events"),
        [
            ("info", True, [200, 400, 503, 500, 0]),
            ("info", False, [503, 500, 0]),
            ("warning", True, [503, 500, 0]),
            ("error", True, [500, 0]),
        ],
    )
    def test_requests_can_be_left_out_but_never_a_fault(
        self, level: str, requests: bool, events: list[int]
    ):
        text = written(
            Line("t", "request", status=200),
            Line("t", "request", status=400),
            Line("t", "request", status=503),
            Line("t", "request", status=500, error="KeyError at app.py:1"),
            Line("t", "registry_not_refreshed", error="OSError"),
            requests=requests,
            level=level,
        )
        assert [json.loads(line).get("status", 0) for line in text.splitlines()] == events

    def test_it_goes_to_the_standard_error_stream(self, capsys: pytest.CaptureFixture[str]):
        Journal().write(Line("t", "request"))
        said = capsys.readouterr()
        assert said.out == ""
        assert json.loads(said.err)["event"] == "request"


class Kept:
    """A collector that keeps what it is offered."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self.closed = False

    def offer(self, line: Line) -> None:
        self.lines.append(line)

    def close(self) -> None:
        self.closed = True


class TestCollector:
    def test_it_is_offered_what_is_written(self):
        kept, stream = Kept(), io.StringIO()
        journal = Journal(stream, level="warning", collector=kept)
        for status in (200, 503):
            journal.write(Line("t", "request", status=status))
        assert [line.status for line in kept.lines] == [503]
        assert len(stream.getvalue().splitlines()) == 1
        journal.close()
        assert kept.closed

    def test_with_the_stream_off_only_faults_are_there_and_the_collector_has_all(self):
        kept, stream = Kept(), io.StringIO()
        journal = Journal(stream, stderr=False, collector=kept)
        journal.write(Line("t", "request", status=200))
        journal.write(Line("t", "request", status=503))
        journal.write(Line("t", "request", status=500, error="KeyError at app.py:1"))
        assert [line.status for line in kept.lines] == [200, 503, 500]
        assert [json.loads(each)["status"] for each in stream.getvalue().splitlines()] == [500]

    def test_without_one_there_is_nothing_to_close(self):
        Journal(io.StringIO()).close()


class TestTimestamp:
    def test_it_is_now_in_taipei_to_the_millisecond(self):
        before = datetime.datetime.now(datetime.UTC)
        said = timestamp()
        after = datetime.datetime.now(datetime.UTC)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+08:00", said)
        read = datetime.datetime.fromisoformat(said)
        assert before - datetime.timedelta(milliseconds=1) <= read <= after

    def test_no_matter_where_the_machine_is(self, monkeypatch: pytest.MonkeyPatch):
        import time

        monkeypatch.setenv("TZ", "America/New_York")
        time.tzset()
        try:
            read = datetime.datetime.fromisoformat(timestamp())
            assert read.utcoffset() == datetime.timedelta(hours=8)
            assert abs(read - datetime.datetime.now(datetime.UTC)) < datetime.timedelta(minutes=5)
        finally:
            monkeypatch.undo()
            time.tzset()


class TestPlaceOf:
    def test_it_says_the_type_and_where_and_not_what(self):
        def fail() -> None:
            raise ValueError(f"bad number {ID_NUMBER} of 王小明")

        line = fail.__code__.co_firstlineno + 1
        assert place_of(raised(fail)) == f"ValueError at test_journal.py:{line}"

    def test_the_place_is_where_it_was_raised_and_not_where_it_was_caught(self):
        place = place_of(raised(lambda: json.loads("{")))
        assert re.fullmatch(r"JSONDecodeError at decoder\.py:\d+", place)

    def test_a_folder_on_the_machine_is_not_told(self):
        assert "/" not in place_of(raised(lambda: json.loads("{")))

    def test_what_caused_it_is_not_told_either(self):
        def fail() -> None:
            try:
                int(ID_NUMBER)
            except ValueError as error:
                raise RuntimeError(str(error)) from error

        place = place_of(raised(fail))
        assert place.startswith("RuntimeError at ")
        assert ID_NUMBER not in place

    def test_one_that_was_never_raised_has_only_its_type(self):
        assert place_of(KeyError(ID_NUMBER)) == "KeyError"
