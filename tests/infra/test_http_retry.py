"""What may be asked again: refusals of one instance, a tenth of all calls at most."""

import pytest

from infra.http_client import HttpResponse, HttpTimeoutError, HttpUnreachableError
from infra.http_retry import NOT_BEGUN_HEADER, NotCalledError, RetryBudget, ask, is_worth_another


def refusal(status: int, *, has_begun: bool = True) -> HttpResponse:
    return HttpResponse(status, {} if has_begun else {NOT_BEGUN_HEADER: "1"}, b"")


def test_a_budget_lets_a_tenth_of_the_calls_be_repeated() -> None:
    budget = RetryBudget(share=0.125, most=2)
    assert [budget.spend() for _ in range(3)] == [True, True, False]
    repeated = 0
    for _ in range(800):
        budget.called()
        repeated += budget.spend()
    assert repeated == 100


def test_what_was_saved_up_has_a_bound() -> None:
    budget = RetryBudget(share=0.5, most=2)
    for _ in range(1_000):
        budget.called()
    assert [budget.spend() for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_query_is_asked_elsewhere_when_an_instance_went_away(status: int) -> None:
    assert is_worth_another(refusal(status), idempotent=True)


@pytest.mark.parametrize("status", [200, 400, 401, 413, 500])
def test_an_answer_and_a_refusal_of_the_request_stand(status: int) -> None:
    assert not is_worth_another(refusal(status, has_begun=False), idempotent=True)


@pytest.mark.parametrize("status", [502, 503, 504])
def test_a_change_is_sent_again_only_where_nothing_has_begun(status: int) -> None:
    assert not is_worth_another(refusal(status), idempotent=False)
    assert is_worth_another(refusal(status, has_begun=False), idempotent=False)


class Instances:
    """Answers each try with the next of what was given."""

    def __init__(self, *given: HttpResponse | Exception) -> None:
        self.given = list(given)
        self.waits: list[float] = []

    async def send(self, seconds: float) -> HttpResponse:
        self.waits.append(seconds)
        answer = self.given.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


FINE = HttpResponse(200, {}, b"{}")
GONE = HttpUnreachableError("gone")


@pytest.mark.parametrize("first", [GONE, refusal(503)])
async def test_the_second_try_has_only_the_time_that_is_left(
    first: HttpResponse | Exception,
) -> None:
    instances = Instances(first, FINE)
    answer = await ask(instances.send, RetryBudget(), timeout_seconds=5, idempotent=True)
    assert answer is FINE
    assert instances.waits[0] == 5
    assert instances.waits[1] < 5


@pytest.mark.parametrize("last", [GONE, refusal(503)])
async def test_there_is_no_third_try(last: HttpResponse | Exception) -> None:
    instances = Instances(GONE, last, FINE)
    if isinstance(last, Exception):
        with pytest.raises(HttpUnreachableError):
            await ask(instances.send, RetryBudget(), timeout_seconds=5, idempotent=True)
    else:
        assert await ask(instances.send, RetryBudget(), timeout_seconds=5, idempotent=True) is last
    assert instances.given == [FINE]


@pytest.mark.parametrize(
    ("failure", "idempotent", "most"),
    [
        (GONE, False, 10),
        (GONE, True, 0),
        (NotCalledError("left alone"), True, 10),
        (HttpTimeoutError("late"), True, 10),
    ],
)
async def test_what_may_have_happened_or_would_not_help_is_asked_once(
    failure: Exception, idempotent: bool, most: float
) -> None:
    instances, budget = Instances(failure, FINE), RetryBudget(share=0, most=most)
    with pytest.raises(type(failure)):
        await ask(instances.send, budget, timeout_seconds=5, idempotent=idempotent)
    assert instances.given == [FINE]
    assert budget.spend() == (most > 0), "nothing was taken from what may be repeated"
