"""The published schema: committed, described, labelled, and without a word about participants."""

import importlib
import pkgutil
import re
from collections.abc import Iterable
from pathlib import Path
from types import ModuleType

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
)
from sqlalchemy import Column, FromClause, MetaData, String, Table

import svc_training
from infra.subgraph_schema import label_of
from infra.tables import Base
from infra.vocabulary import Category
from svc_training.subgraph import schema

PACKAGE = Path(svc_training.__file__ or "").parent
FOREIGN_WORDS = ("participant", "client record", "referral", "enrollment", "consent", "diagnos")


@pytest.fixture(scope="module")
def graphql_schema() -> GraphQLSchema:
    return schema()._schema


def _own(graphql_schema: GraphQLSchema) -> list[object]:
    return [
        each
        for name, each in graphql_schema.type_map.items()
        if not is_introspection_type(each) and not name.startswith(("_", "link__"))
    ]


def test_committed_sdl_is_the_schemas() -> None:
    assert (PACKAGE / "subgraph.graphql").read_text() == schema().as_str() + "\n"


def words_about_participants(text: str) -> list[str]:
    return [word for word in FOREIGN_WORDS if word in text.lower()]


def own_words(sdl: str) -> str:
    """The SDL without the two lists that name the published figures of all services."""
    return re.sub(r"\nenum Indicator(Family|Split) \{.*?\n\}\n", "", sdl, flags=re.DOTALL)


def test_schema_says_nothing_about_participants() -> None:
    sdl = own_words((PACKAGE / "subgraph.graphql").read_text())
    assert words_about_participants(sdl) == []
    assert "@about" not in sdl


def modules_of_tables() -> list[ModuleType]:
    """Every module of this service that maps tables."""
    found = pkgutil.walk_packages([str(PACKAGE)], "svc_training.")
    return [importlib.import_module(each.name) for each in found if each.name.endswith(".tables")]


def tables_of(modules: Iterable[ModuleType]) -> list[FromClause]:
    """The tables that modules map themselves."""
    return [
        mapped.__table__
        for module in modules
        for mapped in vars(module).values()
        if isinstance(mapped, type) and issubclass(mapped, Base) and mapped is not Base
    ]


def columns_of(tables: Iterable[FromClause]) -> str:
    """The columns of tables; our wish that the academy gives staff a place is no enrollment."""
    names = [f"{table.description}.{column.name}" for table in tables for column in table.columns]
    return " ".join(names).replace("exchange_enrollment.", "exchange_place.")


def test_tables_have_no_column_about_participants() -> None:
    modules = modules_of_tables()
    assert len(modules) == len(list(PACKAGE.rglob("tables.py"))) > 9
    tables = tables_of(modules)
    names = {table.description for table in tables}
    assert {"course", "exchange_event", "assistance_request", "training_document"} <= names
    assert words_about_participants(columns_of(tables)) == []


def test_planted_column_about_participants_is_found() -> None:
    planted = Table("exchange_enrollment", MetaData(), Column("participant_id", String))
    tables = [*tables_of(modules_of_tables()), planted]
    assert words_about_participants(columns_of(tables)) == ["participant"]


def test_word_about_participants_would_be_found() -> None:
    """Planted bug: the same check on a schema with such a field."""
    sdl = own_words((PACKAGE / "subgraph.graphql").read_text())
    sdl = sdl.replace("accountId", "participantId")
    assert words_about_participants(sdl) == ["participant"]


def test_everything_is_described(graphql_schema: GraphQLSchema) -> None:
    missing = []
    for each in _own(graphql_schema):
        if isinstance(each, GraphQLObjectType | GraphQLInputObjectType):
            if not each.description:
                missing.append(each.name)
            for name, field in each.fields.items():
                if name not in ("_service", "_entities") and not field.description:
                    missing.append(f"{each.name}.{name}")
                for argument, definition in getattr(field, "args", {}).items():
                    if name != "_entities" and not definition.description:
                        missing.append(f"{each.name}.{name}({argument})")
        elif isinstance(each, GraphQLEnumType):
            if not each.description:
                missing.append(each.name)
            missing += [f"{each.name}.{n}" for n, v in each.values.items() if not v.description]
    assert missing == []


def test_every_object_type_is_labelled_and_people_are_training(
    graphql_schema: GraphQLSchema,
) -> None:
    labels = {}
    for each in _own(graphql_schema):
        if isinstance(each, GraphQLObjectType):
            definition = each.extensions.get("strawberry-definition")
            found = label_of(getattr(definition, "directives", None) or ())
            labels[each.name] = found[0] if found else None
    assert None not in labels.values(), labels
    assert set(labels.values()) == {Category.STRUCTURE, Category.CATALOGUE, Category.TRAINING}
    of_people = {name for name, label in labels.items() if label is Category.TRAINING}
    assert of_people == {
        "Personnel",
        "TrainingAssignment",
        "AssignmentStatusChange",
        "PersonAssignment",
        "AssignmentBatch",
        "BatchPerson",
        "ComplianceStanding",
        "ExchangeBatch",
        "ExchangeConflict",
        "ExchangeCount",
        "ExchangeProblem",
        "LinkedOrganization",
        "ReconcileReport",
        "ReconcileRow",
        "Fulfillment",
        "FulfillmentChange",
        "OutsideTraining",
        "PlacesTaken",
        "RecordedResult",
        "Registration",
        "TrainingCalendar",
        "TrainingClearance",
        "TrainingDocument",
        "TrainingRecord",
        "WaitingPerson",
    }


def test_names_are_written_out() -> None:
    sdl = (PACKAGE / "subgraph.graphql").read_text()
    assert not re.search(r"\b(num|desc|addr|cnt|qty|ssn|dob)\b", sdl, re.IGNORECASE)
