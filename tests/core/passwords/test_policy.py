"""Every rule for a new password, alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.core.passwords.policy import DEFAULT, Kind, Policy, Problem, folded, problems, was_used

ALL: tuple[Kind, ...] = ("lower", "upper", "digit", "special")


@pytest.mark.parametrize(
    ("policy", "password", "expected"),
    [
        (DEFAULT, "twelve letters", []),
        (DEFAULT, "1234567", ["too_short"]),
        (DEFAULT, "пароль12", []),  # eight characters, fourteen bytes
        (DEFAULT, "🔑🔑🔑🔑🔑🔑🔑", ["too_short"]),
        (DEFAULT, "x" * 4096, []),
        (DEFAULT, "x" * 4097, ["too_long"]),
        (DEFAULT, "é" * 2049, ["too_long"]),
        (DEFAULT, "\ud800" * 8, ["not_text"]),
        (DEFAULT, "aaaaaaaa\0", []),
        (Policy(most_bytes=72), "ä" * 37, ["too_long"]),
        (Policy(most_bytes=72), "ä" * 36, []),
        (Policy(most_bytes=100_000), "x" * 4097, ["too_long"]),
        (Policy(nul=False), "aaaaaaaa\0", ["nul"]),
        (Policy(least=1), "", ["too_short"]),
        (Policy(kinds=ALL, kinds_needed=3), "abcdEFGH", ["kinds"]),
        (Policy(kinds=ALL, kinds_needed=3), "abcdEFG1", []),
        (Policy(kinds=ALL), "abcdEFG1", ["no_special"]),
        (Policy(kinds=ALL), "        ", ["no_lower", "no_upper", "no_digit"]),
        (Policy(kinds=ALL), "abcdEF 1", []),
        (Policy(kinds=("digit",)), "١٢٣٤٥٦٧٨", ["no_digit"]),
        (Policy(distinct=4), "abababab", ["distinct"]),
        (Policy(distinct=4), "abababcd", []),
        (Policy(identical=2), "aabbccdd", []),
        (Policy(identical=2), "abcdefggg", ["repeated"]),
        (Policy(identical=2), "ab\n\n\ncdef", ["repeated"]),
        (Policy(sequences=False), "xxabxxba", []),
        (Policy(sequences=False), "xxxxxaBc", ["sequence"]),
        (Policy(sequences=False), "xxxxx321", ["sequence"]),
        (Policy(sequences=False), "xxxxx89:", []),
        (Policy(words=folded(["Wordless", "straße"])), "WORDLESS", ["known"]),
        (Policy(least=1, words=folded(["straße"])), "STRASSE", ["known"]),
        (Policy(words=folded(["wordless"])), "wordless1", []),
        (Policy(least=10, kinds=ALL, kinds_needed=3, identical=2), "aaab", ["too_short", "kinds", "repeated"]),
    ],
)
def test_each_rule(policy: Policy, password: str, expected: list[Problem]) -> None:
    assert problems(policy, password) == expected


@pytest.mark.parametrize("password", ["password", "PassWord"])
def test_known_passwords_are_refused_as_typed_and_in_lower_case(password: str) -> None:
    assert problems(DEFAULT, password, is_known=lambda tried: tried == "password") == ["known"]
    assert problems(Policy(known=True), password, is_known=lambda tried: tried == "password") == []


@pytest.mark.parametrize(
    ("about", "password", "personal"),
    [
        (["Robert Smith"], "i-am-ROBERT-1", True),
        (["Robert Smith"], "smithereens", True),
        (["Robert Smith"], "Robertas", True),
        (["Robert Smith"], "something else", False),
        (["jane.doe"], "xxJANE.DOExx", True),
        (["jane.doe"], "doe-a-deer", True),
        (["j.d", "", "Al"], "ald-j-alphabet", False),  # words of one or two letters say nothing
        (["Ünal"], "meinüNALwort", True),
        ([], "whatever", False),
    ],
)
def test_what_is_known_of_the_person_may_not_stand_in_it(about: list[str], password: str, personal: bool) -> None:
    assert problems(Policy(personal=False), password, about=about) == (["personal"] if personal else [])
    assert problems(Policy(), password, about=about) == []


class Hashes:
    """Says of a password whether it is the text after "hash of", and notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def hash(self, password: str) -> str:
        return f"hash of {password}"

    async def verify(self, hash_: str, password: str) -> bool:
        self.asked.append(hash_)
        return hash_ == f"hash of {password}"

    async def burn(self, password: str) -> None:
        raise AssertionError(password)

    def needs_rehash(self, hash_: str) -> bool:
        raise AssertionError(hash_)


@pytest.mark.parametrize(
    ("size", "password", "used", "asked"),
    [(0, "p0", False, 0), (1, "p0", True, 1), (1, "p1", False, 1), (3, "p2", True, 3), (99, "p24", False, 24)],
)
async def test_a_password_does_not_come_again_for_so_many_turns(
    size: int, password: str, used: bool, asked: int
) -> None:
    hashes = Hashes()
    former = [f"hash of p{number}" for number in range(30)]
    assert await was_used(Policy(history=size), hashes, password, former) is used
    assert len(hashes.asked) == asked


@given(st.text(), st.booleans(), st.lists(st.text(max_size=5)))
def test_any_text_is_judged(password: str, strict: bool, about: list[str]) -> None:
    policy = Policy(kinds=ALL, distinct=4, identical=1, sequences=not strict, personal=not strict, nul=not strict)
    assert isinstance(problems(policy, password, about=about), list)
