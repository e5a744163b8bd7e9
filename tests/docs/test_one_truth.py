from scripts import one_truth
from tests.truth.rows import HARD_CASES, HARD_CASES_THAT_WAIT


def test_the_page_of_the_one_truth_is_what_the_tests_try() -> None:
    assert one_truth.PAGE.read_text("utf-8") == one_truth.page(), "docs/one-truth.md is out of date: run make docs"


def test_every_hard_case_has_a_test_that_says_what_is_decided_or_waits() -> None:
    tested = {test.case for test in one_truth.hard_tests()}
    assert tested | HARD_CASES_THAT_WAIT.keys() == set(HARD_CASES)
    assert tested & HARD_CASES_THAT_WAIT.keys() == set()
    assert [test.name for test in one_truth.hard_tests() if not test.says] == []
