"""Random acts on a real store, held after each one against a plain picture of what must be true."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from muster.core.actor import SYSTEM
from muster.core.clock import TurnedClock
from muster.core.connections.model import Connection
from muster.core.errors import NotFound, Taken
from muster.core.query import Everyone, Is, Order, Page
from muster.core.records import Key
from muster.core.tenants.actions import furnish
from muster.core.transaction import Transaction, TransactionRunner
from muster.core.users import actions
from muster.core.users.actions import HashedPassword, NewAddress, NewUser
from muster.core.users.model import Metadata, Origin, User
from muster.storage.engine import Engine
from muster.storage.opening import open_engine
from muster.storage.store import SqlStore

EMAILS = st.sampled_from([f"person{n}@example.com" for n in range(6)] + ["Person1@Example.com"])
USERNAMES = st.sampled_from(["ada", "ADA", "grace", "person2@example.com", "ﬁona", "fiona"])
DOCUMENTS = st.dictionaries(
    st.sampled_from(["plan", "team", "deep"]),
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.dictionaries(st.text(max_size=3), st.none())
    ),
    max_size=3,
)
NAMES = st.sampled_from([None, "Ada", "Grace", "李"])


class Picture:
    """One user as a person with a notepad would keep it."""

    def __init__(self) -> None:
        self.emails: list[tuple[str, bool]] = []  # the first is the shown one; (address, verified)
        self.username: str | None = None
        self.metadata: dict[str, Any] | None = None
        self.given: str | None = None
        self.family: str | None = None
        self.suspended: bool | None = None
        self.password: str | None = None

    def held(self) -> set[tuple[str, str]]:
        keys = {("email", address) for address, _ in self.emails}
        if self.username is not None:
            keys.add(("username", self.username))
            if "@" in self.username:
                keys.add(("email", self.username))
        return keys


class Users(RuleBasedStateMachine):
    """Create, change and delete users of one tenant; another tenant, with the same values in use, stays untouched."""

    runner: TransactionRunner
    run: Callable[[Any], Any]
    names: Iterator[int]

    ids = Bundle("ids")

    @initialize()
    def tenant(self) -> None:
        self.clock: TurnedClock = self.runner.clock  # type: ignore[assignment]
        self.pictures: dict[str, Picture] = {}
        self.tenant_id = self.run(self.runner.store.create_tenant(f"t{next(self.names)}", self.clock.now())).number
        self.realm: Connection = self.act(furnish)[0]

    def act(self, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        self.clock.turn(ms=1)
        return self.run(self.runner.run(self.tenant_id, SYSTEM, act, *args, **kwargs))

    def others(self, id_: str | None) -> set[tuple[str, str]]:
        return {key for other, picture in self.pictures.items() if other != id_ for key in picture.held()}

    def changing(self, id_: str, change: Callable[[Picture], None], act: Callable[..., Any]) -> None:
        """Do the act; it must succeed exactly when nobody else holds a key that the user would have then."""
        after = Picture()
        after.__dict__.update({k: list(v) if isinstance(v, list) else v for k, v in vars(self.pictures[id_]).items()})
        change(after)
        if after.held() & self.others(id_):
            with pytest.raises(Taken):
                self.act(act)
        else:
            self.act(act)
            self.pictures[id_] = after

    @rule(
        target=ids,
        email=EMAILS,
        username=st.one_of(st.none(), USERNAMES),
        verified=st.booleans(),
        document=st.one_of(st.none(), DOCUMENTS),
    )
    def create(self, email: str, username: str | None, verified: bool, document: dict[str, Any] | None) -> Any:
        picture = Picture()
        picture.emails = [(email.lower(), verified)]
        picture.username = None if username is None else username.casefold().replace("ﬁ", "fi")
        picture.metadata = document
        new = NewUser(
            origin=Origin(door="muster"),
            emails=[NewAddress(email, verified=verified)],
            username=username,
            metadata=Metadata.of(unsafe=document),
        )
        if picture.held() & self.others(None):
            with pytest.raises(Taken):
                self.act(actions.create_user, self.realm, new)
            return "nobody"
        user = self.act(actions.create_user, self.realm, new)
        self.pictures[user.id] = picture
        return user.id

    @rule(id_=ids, email=st.one_of(st.none(), EMAILS), verified=st.one_of(st.none(), st.booleans()))
    def change_email(self, id_: str, email: str | None, verified: bool | None) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            if email is None:
                gone, rest = picture.emails[:1], picture.emails[1:]
                heirs = [e for e in rest if e[1]] or rest
                picture.emails = heirs[:1] + [e for e in rest if e not in heirs[:1]] if gone else []
                return
            address = email.lower()
            own = dict(picture.emails).get(address)
            if own is None:
                picture.emails = [(address, bool(verified)), *picture.emails[1:]]
            else:
                kept = own if verified is None else verified
                picture.emails = [(address, kept), *(e for e in picture.emails if e[0] != address)]

        self.changing(id_, change, self._on(id_, actions.replace_primary, "email", email, verified=verified))

    @rule(id_=ids, username=st.one_of(st.none(), USERNAMES))
    def change_username(self, id_: str, username: str | None) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            picture.username = None if username is None else username.casefold().replace("ﬁ", "fi")

        self.changing(id_, change, self._on(id_, actions.set_username, username, door="muster"))

    @rule(id_=ids, document=st.one_of(st.none(), DOCUMENTS))
    def merge_metadata(self, id_: str, document: dict[str, Any] | None) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            if not document:
                picture.metadata = {}
                return
            picture.metadata = {**(picture.metadata or {}), **document}
            picture.metadata = {k: v for k, v in picture.metadata.items() if not (k in document and v is None)}

        self.changing(id_, change, self._on(id_, actions.set_metadata, "unsafe", document, "merge_first_level"))

    @rule(id_=ids, given=NAMES, family=NAMES)
    def rename(self, id_: str, given: str | None, family: str | None) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            picture.given, picture.family = given, family

        self.changing(id_, change, self._on(id_, actions.update_profile, {"given_name": given, "family_name": family}))

    @rule(id_=ids, suspended=st.booleans())
    def suspend(self, id_: str, suspended: bool) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            picture.suspended = suspended

        act = self._on(id_, actions.suspend, door="muster") if suspended else self._on(id_, actions.unsuspend)
        self.changing(id_, change, act)

    @rule(id_=ids, hash_=st.sampled_from(["$one", "$two"]))
    def set_password(self, id_: str, hash_: str) -> None:
        if id_ not in self.pictures:
            return

        def change(picture: Picture) -> None:
            picture.password = hash_

        self.changing(id_, change, self._on(id_, actions.set_password, HashedPassword(hash_, "argon2")))

    @rule(id_=consumes(ids))
    def delete(self, id_: str) -> None:
        if id_ in self.pictures:
            self.act(self._on(id_, actions.delete_user))
            del self.pictures[id_]
        with pytest.raises(NotFound):
            self.act(self._on(id_, actions.delete_user))

    def _on(self, id_: str, act: Callable[..., Any], *args: Any, **kwargs: Any) -> Callable[[Transaction], Any]:
        async def found(tx: Transaction) -> Any:
            return await act(tx, await actions.find_user(tx, id_), *args, **kwargs)  # type: ignore[arg-type]

        return found

    @invariant()
    def everything_is_as_pictured(self) -> None:
        if not hasattr(self, "realm"):
            return
        store = self.runner.store
        listed: list[User] = self.run(store.search_users(self.tenant_id, Everyone(), Order(), Page(0, 100)))
        assert [user.id for user in listed] == list(self.pictures)
        assert self.run(store.count_users(self.tenant_id, Everyone())) == len(self.pictures)
        for user in listed:
            picture = self.pictures[user.id]
            assert user == self.run(store.get(self.tenant_id, User, user.id))
            assert [(e.value, e.verified) for e in user.emails] == picture.emails
            assert [e.primary for e in user.emails] == [n == 0 for n in range(len(user.emails))]
            assert (user.username.key if user.username else None) == picture.username
            assert user.metadata.unsafe == picture.metadata
            assert (user.profile.given_name, user.profile.family_name) == (picture.given, picture.family)
            assert user.suspended is picture.suspended
            assert (user.password.hash if user.password else None) == picture.password
            keys = user.keys()
            assert {(key.kind, key.value) for key in keys} == picture.held()
            for kind, value in picture.held():
                found = self.run(store.find(self.tenant_id, User, Key(self.realm.id, kind, value)))
                assert found == user
            if user.emails:
                by_email = self.run(
                    store.search_users(self.tenant_id, Is("email", user.emails[0].value), Order(), Page())
                )
                assert by_email == [user]


def test_acts_do_what_the_picture_says(migrated_url: str) -> None:
    with asyncio.Runner() as loop:
        engine: Engine = open_engine(migrated_url)
        loop.run(engine.start())
        try:
            machine = type(
                "Machine",
                (Users,),
                {
                    "runner": TransactionRunner(SqlStore(engine), TurnedClock()),
                    "run": staticmethod(loop.run),
                    "names": itertools.count(),
                },
            )
            run_state_machine_as_test(
                machine,
                settings=settings(
                    max_examples=15, stateful_step_count=20, suppress_health_check=list(HealthCheck), deadline=None
                ),
            )
        finally:
            loop.run(engine.stop())
