"""Who is woken by which event: data, read strictly, beside the schema that it is about."""

import pytest

from gateway.exchange import Visitor
from gateway.policy.errors import PolicyError
from gateway.policy.packaged import packaged_supergraph
from gateway.subscriptions import packaged_fields, read_fields
from gateway.subscriptions.fields import StreamFieldsError, packaged_text
from gateway.supergraph import load_supergraph
from tests.fixtures.gateway_app import table_of
from tests.fixtures.gateway_subgraphs import SUPERGRAPH

SOMEBODY = Visitor(
    person="p", client="c", column="CM", subject="s", agency_id="a", site_id="", expires_at=0,
    arguments={"participantId": "x", "referralId": None, "meetingId": 7},
)  # fmt: skip


def test_the_delivered_rules_are_of_the_committed_schema() -> None:
    assert read_fields(packaged_text(), packaged_supergraph()) == packaged_fields()


@pytest.mark.parametrize(
    "text",
    [
        packaged_text().replace("[releaseChanged]", "[releaseChange]"),
        packaged_text().replace('"participant:participantId"', '"somebody:participantId"'),
        packaged_text().replace('["subject", "agency"]', '["everybody"]'),
        packaged_text().replace("is_state", "is_stateful"),
        packaged_text().replace('source = "cases"', ""),
    ],
    ids=["field", "named key", "own key", "word", "no source"],
)
def test_a_rule_that_fits_nothing_is_refused(text: str) -> None:
    with pytest.raises(StreamFieldsError):
        read_fields(text, packaged_supergraph())


def test_keys_are_the_subscribers_own_and_what_the_arguments_name() -> None:
    fields = packaged_fields()
    found = {name: sorted(rule.keys_of(SOMEBODY)) for name, rule in fields.items()}
    assert found == {
        "referralReceived": ["agency:a"],
        "handoffRequested": ["agency:a", "subject:s"],
        "handoffAnswered": [],
        "assignmentChanged": ["agency:a", "subject:s"],
        "releaseChanged": ["participant:x"],
        "agendaItemRemoved": [],
    }


def test_a_stream_that_nobody_is_named_for_does_not_load() -> None:
    unnamed = SUPERGRAPH.replace("releaseChanged(", "noticed(")
    with pytest.raises(PolicyError, match="nobody is named"):
        table_of(load_supergraph(unnamed))
