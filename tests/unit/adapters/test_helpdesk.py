"""Help-desk logs: what a step of a case becomes."""

import json

from agents.adapters import Problem, Record, helpdesk

HEADER = (
    "Case ID,Activity,Resource,Complete Timestamp,Variant,Variant index,Variant,seriousness,customer,product,"
    "responsible_section,seriousness_2,service_level,service_type,support_section,workgroup\n"
)


def row(activity: str, minute: int, case: str = "Case 1", customer: str = "C1", resource: str = "R1") -> str:
    return f"{case},{activity},{resource},2012/10/09 14:{minute:02}:17.500,V,1,V,S,{customer},P1,a,b,c,d,e,f\n"


def events(*rows: str) -> list[dict[str, str]]:
    return [json.loads(found.value) for found in helpdesk.tickets([HEADER, *rows]) if isinstance(found, Record)]


def types(*activities: str) -> list[str]:
    return [event["type"] for event in events(*(row(name, minute) for minute, name in enumerate(activities)))]


def test_the_first_row_of_a_case_creates_the_ticket_whatever_its_activity():
    assert types("Insert ticket", "Assign seriousness") == ["created", "assigned"]
    assert types("Take in charge ticket", "Closed") == ["created", "assigned", "closed"]
    assert types("Resolve ticket") == ["created", "solved"]


def test_a_ticket_carries_its_product_and_the_assumed_channel():
    first = events(row("Insert ticket", 5))[0]
    assert first == {
        "event_id": "helpdesk-2-created",
        "customer_id": "C1",
        "occurred_at": "2012-10-09T14:05:17.500Z",
        "type": "created",
        "ticket_id": "Case 1",
        "source": "helpdesk",
        "channel": "web",
        "product": "P1",
    }


def test_only_who_takes_the_ticket_in_charge_is_its_assignee():
    triage, taken = events(row("Assign seriousness", 0), row("Take in charge ticket", 1, resource="R7"))[1:]
    assert "assignee" not in triage
    assert taken["assignee"] == "R7"


def test_taking_a_waiting_ticket_up_again_means_that_the_customer_answered():
    assert types("Insert ticket", "Wait", "Take in charge ticket") == [
        "created", "agent_replied", "customer_replied", "assigned",
    ]  # fmt: skip


def test_taking_a_resolved_ticket_in_charge_reopens_it_once():
    assert types("Insert ticket", "Resolve ticket", "Closed", "Take in charge ticket", "Take in charge ticket") == [
        "created", "solved", "closed", "reopened", "assigned", "assigned",
    ]  # fmt: skip


def test_an_upgrade_is_an_escalation():
    assert types("Insert ticket", "Require upgrade") == ["created", "escalated"]


def test_cases_are_interleaved_in_order_of_time():
    found = events(
        row("Insert ticket", 3), row("Closed", 9), row("Insert ticket", 1, "Case 2"), row("Closed", 5, "Case 2")
    )
    assert [event["ticket_id"] for event in found] == ["Case 2", "Case 1", "Case 2", "Case 1"]


def test_an_event_belongs_to_the_customer_of_its_row():
    found = events(row("Insert ticket", 1), row("VERIFIED", 2, customer="C2"))
    assert [(event["customer_id"], event["type"]) for event in found] == [("C1", "created"), ("C2", "assigned")]


def test_rows_that_cannot_be_read_are_named_with_their_line():
    short, wrong = "Case 1,Closed\n", row("Closed", 1).replace("2012/10/09", "9 October")
    found = list(helpdesk.tickets([HEADER, short, row("Insert ticket", 0), wrong]))
    assert found[:2] == [
        Problem(2, "16 columns, found 2"),
        Problem(4, "a time such as 2012/10/09 14:50:17.000 in column 4, found '9 October 14:01:17.500'"),
    ]
    assert len(found) == 3
