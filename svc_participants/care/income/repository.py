"""All statements about income and benefits, narrowed by INCOME."""

from sqlalchemy import ColumnElement

from infra.identity_token import Caller
from infra.owner_pages import Order
from infra.vocabulary import Category
from svc_participants.care.history.repository import moves_of
from svc_participants.care.income.tables import BenefitRow, IncomeRow
from svc_participants.care.keeping import loader_of, newest_of, pages_of
from svc_participants.people.repository import holding

INCOME = Order((IncomeRow.as_of, IncomeRow.recorded_at, IncomeRow.id), is_descending=True)
BENEFITS = Order((BenefitRow.applied_on, BenefitRow.id), is_descending=True)


def income_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this record of income"."""
    return holding(
        caller, Category.INCOME, IncomeRow.participant_id, IncomeRow.agency_id, IncomeRow.as_of
    )


def benefit_visible(caller: Caller) -> ColumnElement[bool]:
    """Return the condition "this caller may see this benefit"."""
    return holding(
        caller,
        Category.INCOME,
        BenefitRow.participant_id,
        BenefitRow.agency_id,
        BenefitRow.applied_on,
    )


IncomeLoader = loader_of(IncomeRow, income_visible)
CurrentIncome = newest_of(IncomeRow, income_visible, INCOME)
IncomeOfParticipant = pages_of(IncomeRow, income_visible, INCOME)
BenefitLoader = loader_of(BenefitRow, benefit_visible)
BenefitsOfParticipant = pages_of(BenefitRow, benefit_visible, BENEFITS)
MovesOfBenefit = moves_of(BenefitRow, benefit_visible)
