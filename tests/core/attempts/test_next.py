"""What comes next, over attempts and circumstances of every kind: whatever they are, nothing that is demanded is left out."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from muster.core.connections.model import Connection
from muster.core.ids import UserId
from muster.core.sessions.model import Method, Session
from muster.core.settings.model import SignInRules, SignInSettings
from muster.core.sign_in.facts import Facts
from muster.core.sign_in.model import Asked, SignInAttempt
from muster.core.sign_in.next import change_due, missing_scopes, next_step
from muster.core.users.model import Factor, Mfa, MustChange, Origin, Password, User

NOW = 1_000_000

TOTP = Factor(id="f", dev="d", kind="totp", secret="s", confirmed=True, created_at=0)
FIRST = st.sampled_from(["password", "email_code", "passkey", "security_key", "ticket", "Google"])
METHODS: st.SearchStrategy[list[Method]] = st.one_of(
    st.just([]),
    FIRST.map(lambda name: [Method(name=name, at=0)]),
    FIRST.map(lambda name: [Method(name=name, at=0), Method(name="totp", at=0, second=True)]),
    st.just([Method(name="totp", at=0, second=True)]),
)
USERS = st.builds(
    User,
    id=st.just(UserId("u")),
    realm=st.just("r"),
    origin=st.just(Origin(door="muster")),
    password=st.sampled_from([None, Password(hash="h", scheme="x", set_at=0)]),
    must_change=st.sampled_from([None, MustChange(by=NOW, why="admin"), MustChange(by=NOW + 1, why="admin")]),
    factors=st.sampled_from([[], [TOTP], [replace(TOTP, confirmed=False)]]),
    mfa=st.builds(Mfa, required=st.booleans()),
)
SESSIONS = st.one_of(
    st.none(),
    st.builds(
        Session,
        id=st.just("s"),
        user_id=st.just("u"),
        authenticated_at=st.just(0),
        last_active_at=st.just(0),
        elevated_at=st.sampled_from([None, 0]),
        methods=METHODS,
    ),
)
RULES = st.builds(SignInRules, second_factor=st.sampled_from(["never", "optional", "required"]))
FACTS = st.builds(
    Facts,
    settings=st.builds(SignInSettings, rules=RULES),
    realm=st.just(Connection(id="r", name="r")),
    user=USERS,
    session=SESSIONS,
    remembered=st.booleans(),
    agreed=st.sampled_from([frozenset(), frozenset({"openid"}), frozenset({"openid", "email"})]),
)
ATTEMPTS = st.builds(
    SignInAttempt,
    browser=st.just("b"),
    realm=st.just("r"),
    expires_at=st.just(0),
    identifier=st.sampled_from(["", "ann"]),
    user_id=st.sampled_from([None, "u"]),
    methods=METHODS,
    asked=st.builds(
        Asked, second_factor=st.booleans(), consent=st.booleans(), scopes=st.sampled_from([[], ["openid", "email"]])
    ),
    postponed=st.sampled_from([[], ["change_password"]]),
    consented=st.sampled_from([None, [], ["openid"]]),
)


@given(ATTEMPTS, FACTS)
def test_done_is_what_nothing_more_is_demanded_of(attempt: SignInAttempt, facts: Facts) -> None:
    step = next_step(attempt, facts, NOW)
    user: Any = facts.user
    if attempt.user_id is None or (attempt.rests_on_session and facts.session is None):
        assert step == ("first_factor" if attempt.identifier else "identify")
        return
    assert step not in ("identify", "first_factor")
    second = any(method.second for method in attempt.methods)
    proofs = attempt.methods if facts.session is None or not attempt.rests_on_session else facts.session.methods
    two = second or any(method.second or method.name == "passkey" for method in proofs)
    if step in ("second_factor", "enrol_factor"):
        assert not second
        assert (step == "enrol_factor") == (user.factors in ([], [replace(TOTP, confirmed=False)]))
        return
    if attempt.asked.second_factor:
        assert two
    if user.mfa.required and not second and not facts.remembered:
        assert attempt.rests_on_session
        assert facts.session is not None
        assert facts.session.elevated_at is not None
    if not attempt.rests_on_session:
        first, rule = attempt.methods[0].name, facts.settings.rules.second_factor
        spared = second or first == "passkey" or (facts.remembered and first != "ticket")
        has_factor = user.factors == [TOTP]
        if not spared:
            assert rule == "never" or (rule == "optional" and not has_factor)
    if step == "done":
        due = change_due(attempt, facts, NOW)
        assert due is None or (due == "later" and attempt.postponed)
        assert attempt.consented is not None or not missing_scopes(attempt, facts)


@given(ATTEMPTS, FACTS)
def test_a_ticket_alone_never_gets_past_a_second_factor(attempt: SignInAttempt, facts: Facts) -> None:
    attempt = replace(attempt, user_id="u", methods=[Method(name="ticket", at=0)])
    facts = facts._replace(
        user=replace(facts.user, factors=[TOTP]) if facts.user else None,
        settings=SignInSettings(rules=SignInRules(second_factor="optional")),
    )
    assert next_step(attempt, facts, NOW) == "second_factor"
