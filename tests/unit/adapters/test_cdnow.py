"""The CDNOW purchase log, master and sample."""

import json

from agents.adapters import Problem, Record, cdnow

MASTER = [
    " customer_id  date number_of_cds  dollar_value\r\n",
    " 00002 19970112  1   12.00\r\n",
    " 00002 19970112  5   77.00\r\n",
]


def events(lines: list[str]) -> list[dict[str, str]]:
    return [json.loads(row.value) for row in cdnow.orders(lines) if isinstance(row, Record)]


def test_orders_of_one_day_keep_their_order_amounts_and_ids_of_their_own():
    found = events(MASTER)
    assert [event["amount"] for event in found] == ["12.00", "77.00"]
    assert [event["event_id"] for event in found] == ["cdnow-2", "cdnow-3"]
    assert {event["occurred_at"] for event in found} == {"1997-01-12T12:00:00.000Z"}


def test_an_order_is_complete():
    assert events(MASTER)[0] == {
        "event_id": "cdnow-2",
        "customer_id": "00002",
        "occurred_at": "1997-01-12T12:00:00.000Z",
        "type": "ordered",
        "order_id": "cdnow-2",
        "amount": "12.00",
        "currency": "USD",
        "category": "music",
        "source": "cdnow",
    }


def test_the_sample_keeps_the_customer_numbers_of_the_master():
    assert events([" 00004 0001 19970118  2   29.73\r\n"])[0]["customer_id"] == "00004"


def test_customers_are_interleaved_in_order_of_day():
    found = events([" 00001 19970601  1  1.00\n", " 00002 19970101  1  2.00\n"])
    assert [event["customer_id"] for event in found] == ["00002", "00001"]


def test_rows_that_cannot_be_read_are_named_with_their_line():
    found = list(cdnow.orders([" 00001 19970101  1\n", " 00001 19971301  1  11.77\n", " 00001 19970101  1  NaN\n"]))
    assert found == [
        Problem(1, cdnow.EXPECTED),
        Problem(2, "a date as YYYYMMDD, found '19971301'"),
        Problem(3, cdnow.EXPECTED),
    ]
