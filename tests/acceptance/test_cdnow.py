"""CDNOW: 69,659 purchases of 23,570 customers, and a third party's table of frequency, recency and age.

The table has, for each of the 2,357 customers of the sample, in weeks and at 1997-09-30: ``frequency`` (days with a
purchase after the first), ``recency`` (from the first to the last) and ``T`` (from the first to the end).
"""

from __future__ import annotations

import csv
import gzip
from collections import defaultdict
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.times import DAY, parse_instant
from tests.acceptance.sources import (
    Replayed,
    check_balance,
    check_bytes,
    check_schemas,
    convert_and_replay,
    source,
)

CALIBRATED = "1997-09-30T23:59:59.999Z"
WEEK = 7 * DAY
pytestmark = pytest.mark.timeout(300)


@pytest.fixture(scope="module")
def master(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    return convert_and_replay("cdnow", source("cdnow/CDNOW_master.txt.gz"), tmp_path_factory.mktemp("cdnow"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Replayed:
    folder = tmp_path_factory.mktemp("sample")
    return convert_and_replay("cdnow", source("cdnow/CDNOW_sample.txt.gz"), folder, "--until", CALIBRATED)


def lines(name: str) -> list[str]:
    return gzip.decompress(source(name).read_bytes()).decode().splitlines()


def test_the_revenue_and_the_customers_are_the_published_ones(master: Replayed) -> None:
    check_balance(master)
    customers = master.wrote("customers.jsonl")
    assert master.summary["customers"] == len(customers) == 23_570
    assert master.summary["applied"] == sum(customer["value"]["orders"] for customer in customers) == 69_659
    assert sum(Decimal(customer["value"]["revenue"]) for customer in customers) == Decimal("2500315.63")


def test_the_figures_across_customers_are_the_published_ones(master: Replayed) -> None:
    total = master.kpis["total"]
    assert total["revenue"] == {"USD": "2500315.63"}
    assert total["orders"] == 69_659
    assert sum(total["levels"].values()) == total["funnel"]["customer"] == 23_570
    assert sum(Decimal(day["revenue"].get("USD", "0")) for day in master.kpis["by_day"].values()) == Decimal(
        "2500315.63"
    )


def test_every_customer_is_worth_what_the_log_says_of_it(master: Replayed) -> None:
    spent: dict[str, list[Decimal]] = defaultdict(list)
    for line in lines("cdnow/CDNOW_master.txt.gz")[1:]:
        customer, _, _, dollars = line.split()
        spent[customer].append(Decimal(dollars))
    for customer in master.wrote("customers.jsonl"):
        value, amounts = customer["value"], spent[customer["customer_id"]]
        assert Decimal(value["revenue"]) == sum(amounts)
        assert value["orders"] == len(amounts)
        assert value["tier"] == ("gold" if sum(amounts) >= 2000 else "silver" if sum(amounts) >= 500 else "bronze")
        assert customer["stage"] == ("customer" if len(amounts) == 1 else "repeat_customer")


def weeks(customer: dict[str, Any], days: set[str]) -> tuple[int, str, str]:
    """Frequency, recency and age as the table writes them."""
    first, last = (parse_instant(customer["value"][name]) for name in ("first_purchase", "last_purchase"))
    end = parse_instant("1997-09-30T12:00:00Z")
    return len(days) - 1, f"{(last - first) / WEEK:.2f}", f"{(end - first) / WEEK:.2f}"


def test_frequency_recency_and_age_are_those_of_the_third_party_for_every_customer(sample: Replayed) -> None:
    days: dict[str, set[str]] = defaultdict(set)
    orders: dict[str, int] = defaultdict(int)
    for event in sample.told("purchases"):
        if event["occurred_at"] <= CALIBRATED:
            days[event["customer_id"]].add(event["occurred_at"][:10])
            orders[event["customer_id"]] += 1
    names = {columns[1].lstrip("0"): columns[0] for columns in map(str.split, lines("cdnow/CDNOW_sample.txt.gz"))}
    customers = {customer["customer_id"]: customer for customer in sample.wrote("customers.jsonl")}
    table = list(csv.DictReader(lines("cdnow/cdnow_customers_summary.csv.gz")))
    assert len(table) == len(customers) == 2_357
    for row in table:
        customer = customers[names[row["ID"]]]
        expected = (int(row["frequency"]), f"{float(row['recency']):.2f}", f"{float(row['T']):.2f}")
        assert weeks(customer, days[customer["customer_id"]]) == expected, row
        assert customer["value"]["orders"] == orders[customer["customer_id"]]
    assert sample.summary["applied"] == sum(orders.values())
    assert sample.summary["dropped"] == sample.summary["events"] - sum(orders.values()) > 0


def test_a_second_replay_writes_the_same_bytes_and_all_of_it_is_valid(sample: Replayed, tmp_path: Path) -> None:
    check_balance(sample)
    check_bytes(sample, tmp_path, "--until", CALIBRATED)
    check_schemas(sample)
