"""Web access logs: what a request becomes."""

import json
from pathlib import Path

import pytest

from agents.adapters import Problem, Record, Unmapped, access_log, read
from agents.samples import ACCESS_LOG

BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:25.0) Gecko/20100101 Firefox/25.0"


def line(request: str = "GET / HTTP/1.1", status: int = 200, agent: str = BROWSER, referrer: str = "-") -> str:
    return f'v1 - - [17/May/2015:10:05:03 +0200] "{request}" {status} 512 "{referrer}" "{agent}"\n'


def event(text: str) -> dict[str, object]:
    (row,) = access_log.requests([text])
    assert isinstance(row, Record)
    found: dict[str, object] = json.loads(row.value)
    return found


def test_a_page_request_is_a_page_view_at_its_time_in_utc():
    assert event(line("GET /blog/a?page=2 HTTP/1.1", referrer="http://b.example/")) | {"event_id": "-"} == {
        "event_id": "-",
        "customer_id": "v1",
        "occurred_at": "2015-05-17T08:05:03.000Z",
        "type": "page_view",
        "source": "access-log",
        "url": "/blog/a?page=2",
        "referrer": "http://b.example/",
    }


@pytest.mark.parametrize(
    ("request_line", "status", "kind"),
    [
        ("GET /files/paper.pdf HTTP/1.1", 200, "download"),
        ("GET /files/tool-1.2.tar.gz HTTP/1.1", 206, "download"),
        ("GET /files/paper.pdf HTTP/1.1", 304, "page_view"),
        ("GET /files/paper.pdf HTTP/1.1", 404, "page_view"),
        ("HEAD /files/paper.pdf HTTP/1.1", 200, "page_view"),
        ("GET /talk.pdf.html HTTP/1.1", 200, "page_view"),
        ("GET /?s=kafka HTTP/1.1", 200, "search"),
        ("GET /search/kafka HTTP/1.1", 200, "search"),
        ("GET /doc/search/SearchResponse.html HTTP/1.1", 200, "page_view"),
        ("GET /style.css?s=2 HTTP/1.1", 200, "page_view"),
    ],
)
def test_the_request_decides_the_type(request_line, status, kind):
    assert event(line(request_line, status))["type"] == kind


def test_a_search_carries_its_decoded_term():
    assert event(line("GET /?s=two+words HTTP/1.1"))["query"] == "two words"


def test_a_robot_shows_in_the_source():
    assert event(line(agent="Mozilla/5.0 (compatible; Googlebot/2.1)"))["source"] == "access-log-robot"


def test_the_common_format_without_referrer_and_agent_is_read():
    text = 'v1 - bob [17/May/2015:10:05:03 +0000] "GET / HTTP/1.0" 200 -\n'
    assert event(text)["customer_id"] == "v1"


@pytest.mark.parametrize(
    "text", ["nothing of a log\n", line().replace("May", "Mai"), line().replace("17/", "31/").replace("May", "Feb")]
)
def test_an_unreadable_line_is_named_and_the_rest_is_read(text):
    first, second = access_log.requests([text, line()])
    assert first == Problem(1, access_log.EXPECTED)
    assert isinstance(second, Record)


def test_two_equal_lines_are_two_events():
    first, second = access_log.requests([line(), line()])
    assert first != second


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (line("GET /a.png HTTP/1.1"), "an asset of a page"),
        (line("GET /?flav=rss20 HTTP/1.1"), "a feed"),
        (line(status=404), "a request that is no successful GET"),
        (line(agent="curl/7.0"), "a robot's request"),
    ],
)
def test_the_strict_reading_leaves_out_what_no_person_read(text, what):
    assert list(access_log.pages([text])) == [Unmapped(1, what)]


def test_the_strict_reading_keeps_the_ids_of_the_full_one():
    texts = [line("GET /a.png HTTP/1.1"), line()]
    assert list(access_log.pages(texts))[1] == list(access_log.requests(texts))[1]


def test_the_sample_gives_one_event_per_line_and_keeps_its_disorder():
    rows = list(read("access-log", ACCESS_LOG))
    assert all(isinstance(row, Record) for row in rows)
    events = [json.loads(row.value) for row in rows]
    times = [event["occurred_at"] for event in events]
    assert len(events) == 10_000
    assert len({event["customer_id"] for event in events}) == 1_753
    assert len({event["event_id"] for event in events}) == 10_000
    assert times != sorted(times)


def test_a_plain_file_is_read_like_a_packed_one(tmp_path: Path):
    import gzip

    plain = tmp_path / "access.log"
    plain.write_bytes(gzip.decompress(ACCESS_LOG.read_bytes()))
    assert list(read("access-log", plain)) == list(read("access-log", ACCESS_LOG))
