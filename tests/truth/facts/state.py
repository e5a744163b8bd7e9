"""Whether somebody may come in, when they last did, when they came to be, and where they belong."""

from typing import Any, Final

from msgspec.structs import replace

from muster.core.sessions.actions import NewSession, start_session
from muster.core.transaction import Transaction
from muster.core.users.model import Activity, IpBlock, User
from tests.truth.fact import ABSENT, NOTHING, Act, Fact, Like, Step, Visit, When
from tests.truth.facts.credentials import WITH_PASSWORD
from tests.truth.facts.identifiers import UUID
from tests.truth.steps import (
    BORN,
    EMAIL,
    PASSWORD,
    auth0,
    auth0_new,
    by,
    clerk,
    clerk_do,
    clerk_new,
    mattr,
    monocloud,
    monocloud_do,
    monocloud_new,
    netwrix,
    netwrix_new,
)

HOUR: Final = 3600
FOREVER: Final = 253_402_300_799
VISITOR: Final = "192.0.2.1"
GROUP: Final = "Group {n}"

SIGN_IN: Final = Visit(
    "/netwrix/api/auth/credentials",
    {"UserName": "{id}", "Password": PASSWORD, "provider": "credentials"},
    lasts=60,
)


async def sign_in_from_london(tx: Transaction, user: User) -> None:
    """As a sign-in page does."""
    place = {"city": "London", "region": "England", "country": "GB"}
    await start_session(tx, user, NewSession(browser="b", place=place))


async def block_an_address(tx: Transaction, user: User) -> None:
    """As ten wrong passwords from one address do."""
    block = IpBlock(ip=VISITOR, failures=10, attempts=11, until=tx.now + HOUR * 1000, last_at=tx.now)
    tx.save(replace(user, activity=replace(user.activity or Activity(id=user.id), ip_blocks=[block])))


def suspended(auth0_: Any, *, is_: bool) -> dict[str, Any]:
    """How a suspension, or none, is shown everywhere."""
    return {
        "auth0": {"blocked": auth0_},
        "clerk": {"banned": is_},
        "monocloud": {"disabled": is_},
        "mattr": NOTHING,
        "netwrix": {"Locked": False},
    }


def locked(*, is_: bool, left: Any = None, until: Any = None) -> dict[str, Any]:
    return {
        "auth0": {"blocked": ABSENT},
        "clerk": {
            "locked": is_,
            "lockout_expires_in_seconds": left,
            "verification_attempts_remaining": 0 if is_ else 100,
            "banned": False,
        },
        "monocloud": {"block_until": until, "disabled": False},
        "mattr": NOTHING,
        "netwrix": {"Locked": is_},
    }


def in_no_list(dialect: str, shown: dict[str, Any]) -> dict[str, Any]:
    """What one dialect shows, of which no other has a word."""
    return {name: shown if name == dialect else NOTHING for name in BORN}


FACTS: Final = (
    Fact(
        "a suspension",
        {
            "auth0": (auth0(blocked=True),),
            "clerk": (clerk_do("ban"),),
            "monocloud": (Step("POST", "./disable", {}),),
        },
        suspended(True, is_=True),
        finds=by(
            auth0=f'blocked:true AND email:"{EMAIL}"',
            clerk={"banned": "true", "email_address": EMAIL},
            monocloud=f'disabled:true AND email:"{EMAIL}"',
        ),
    ),
    Fact(
        "a suspension from the first",
        {
            "auth0": (auth0_new(email=EMAIL, blocked=True),),
            "clerk": (clerk_new(email_address=[EMAIL], banned=True),),
        },
        suspended(True, is_=True),
    ),
    Fact(
        "a suspension that is lifted, whoever made it",
        {
            "auth0": (clerk_do("ban"), auth0(blocked=False)),
            "clerk": (monocloud_do("disable", revoke_sessions=False), clerk_do("unban")),
            "monocloud": (auth0(blocked=True), monocloud_do("enable")),
        },
        suspended(False, is_=False),
        finds=by(
            auth0=f'blocked:false AND email:"{EMAIL}"',
            clerk={"banned": "false", "email_address": EMAIL},
            monocloud=f'disabled:false AND email:"{EMAIL}"',
        ),
        loses=by(
            auth0=f'blocked:true AND email:"{EMAIL}"',
            clerk={"banned": "true", "email_address": EMAIL},
            monocloud=f'disabled:true AND email:"{EMAIL}"',
        ),
    ),
    Fact("no suspension ever", BORN, suspended(ABSENT, is_=False)),
    Fact(
        "a suspension that a new password lifts, because it was made there",
        {"auth0": (auth0_new(email=EMAIL, blocked=True), auth0(password="another horse battery 2"))},
        suspended(False, is_=False),
    ),
    Fact(
        "a suspension that a new password leaves, because another made it",
        {"auth0": (auth0_new(email=EMAIL), clerk_do("ban"), auth0(password="another horse battery 2"))},
        suspended(True, is_=True),
    ),
    Fact(
        "a lock by hand that ends by itself",
        {"clerk": (clerk_do("lock"),)},
        locked(is_=True, left=HOUR, until=When("seconds", HOUR)),
    ),
    Fact(
        "a lock by hand from the first",
        {"clerk": (clerk_new(email_address=[EMAIL], locked=True),)},
        locked(is_=True, left=HOUR, until=When("seconds", HOUR)),
    ),
    Fact(
        "a lock by hand without an end",
        {"netwrix": (netwrix(Locked=True),)},
        locked(is_=True, until=FOREVER),
    ),
    Fact(
        "a lock that is opened, whoever closed it",
        {
            "auth0": (auth0_new(email=EMAIL), clerk_do("lock"), auth0(password="another horse battery 2")),
            "clerk": (netwrix(Locked=True), clerk_do("unlock")),
            "monocloud": (netwrix(Locked=True), monocloud_do("unblock")),
            "netwrix": (clerk_do("lock"), netwrix(Locked=False)),
        },
        locked(is_=False),
    ),
    Fact(
        "a wrong password",
        {
            "clerk": (
                WITH_PASSWORD["clerk"],
                Visit("/netwrix/api/users/validatePassword", {"UserName": "{id}", "Password": "x"}, accepted=False),
            ),
        },
        {
            "auth0": {"logins_count": ABSENT, "last_login": ABSENT},
            "clerk": {"verification_attempts_remaining": 99, "last_sign_in_at": None, "locked": False},
            "monocloud": {
                "failure_count": 1,
                "sign_in_attempts_count": 1,
                "sign_in_success_count": 0,
                "last_sign_in_attempt": When("seconds"),
                "last_sign_in_attempt_ip": VISITOR,
                "last_sign_in_success": None,
            },
            "mattr": NOTHING,
            "netwrix": {"LastLogonAttemptUtc": When("ticks"), "Locked": False},
        },
    ),
    Fact(
        "a sign-in",
        {name: (step, SIGN_IN) for name, step in WITH_PASSWORD.items()},
        {
            "auth0": {"logins_count": 1, "last_login": When("iso"), "last_ip": VISITOR},
            "clerk": {
                "last_sign_in_at": When("ms"),
                "last_active_at": 1_799_971_200_000,
                "verification_attempts_remaining": 100,
            },
            "monocloud": {
                "sign_in_attempts_count": 1,
                "sign_in_success_count": 1,
                "failure_count": 0,
                "last_sign_in_attempt": When("seconds"),
                "last_sign_in_attempt_ip": VISITOR,
                "last_sign_in_success": When("seconds"),
                "last_sign_in_success_ip": VISITOR,
                "last_activity": When("seconds"),
            },
            "mattr": NOTHING,
            "netwrix": {"LastLogonAttemptUtc": When("ticks")},
        },
        finds=by(
            auth0='user_id:"{user_id}" AND logins_count:[1 TO 2]',
            clerk={"user_id": "{id}", "last_sign_in_at_after": "1700000000000"},
            monocloud='user_id:"{user_id}" AND sign_in_success_count:1 AND failure_count:0',
        ),
    ),
    Fact(
        "a sign-in that never was",
        BORN,
        {
            "auth0": {"logins_count": ABSENT, "last_login": ABSENT, "last_ip": ABSENT},
            "clerk": {"last_sign_in_at": None, "last_active_at": None},
            "monocloud": {
                "sign_in_attempts_count": 0,
                "sign_in_success_count": 0,
                "failure_count": 0,
                "last_sign_in_attempt": None,
                "last_sign_in_attempt_ip": None,
                "last_sign_in_success": None,
                "last_sign_in_success_ip": None,
                "last_activity": None,
                "last_known_city": None,
            },
            "mattr": NOTHING,
            "netwrix": {"LastLogonAttemptUtc": ABSENT},
        },
    ),
    Fact(
        "where a sign-in came from",
        {"sign-in": (Act("a session is started", sign_in_from_london),)},
        in_no_list(
            "monocloud", {"last_known_city": "London", "last_known_region": "England", "last_known_country": "GB"}
        ),
    ),
    Fact(
        "an address that is blocked for the person",
        {"sign-in": (Act("ten failures from one address", block_an_address),)},
        in_no_list(
            "monocloud",
            {
                "answer": [
                    {
                        "ip": VISITOR,
                        "failure_count": 10,
                        "block_until": When("seconds", HOUR),
                        "sign_in_attempts_count": 11,
                        "last_sign_in_attempt": When("seconds"),
                    }
                ]
            },
        ),
        looks={"monocloud": Step("GET", "./blocked_ips")},
    ),
    Fact(
        "an address that is unblocked again",
        {
            "monocloud": (
                Act("ten failures from one address", block_an_address),
                monocloud_do("blocked_ips/unblock", ip_address="all"),
            )
        },
        in_no_list("monocloud", {"answer": []}),
        looks={"monocloud": Step("GET", "./blocked_ips")},
    ),
    Fact(
        "when somebody came to be",
        BORN,
        {
            "auth0": {"created_at": When("iso"), "updated_at": When("iso")},
            "clerk": {"created_at": When("ms"), "updated_at": When("ms")},
            "monocloud": {"creation_time": When("seconds"), "last_updated": When("seconds")},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "an earlier time of coming to be",
        {"clerk": (clerk_new(email_address=[EMAIL], created_at="2020-01-02T03:04:05.678901Z"),)},
        {
            "auth0": {"created_at": "2020-01-02T03:04:05.678Z", "updated_at": When("iso")},
            "clerk": {"created_at": 1_577_934_245_678, "updated_at": When("ms")},
            "monocloud": {"creation_time": 1_577_934_245, "last_updated": When("seconds")},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
        finds=by(
            auth0=f'created_at:[2020-01-01 TO 2020-01-03] AND email:"{EMAIL}"',
            clerk={"created_at_before": "1577934245679", "email_address": EMAIL},
        ),
    ),
    Fact(
        "when somebody was last changed",
        {
            "auth0": (auth0(given_name="Ada")._replace(lasts=60),),
            "clerk": (clerk(first_name="Ada")._replace(lasts=60),),
            "monocloud": (monocloud("claims", given_name="Ada")._replace(lasts=60),),
            "mattr": (mattr(given_name="Ada")._replace(lasts=60),),
            "netwrix": (netwrix(FirstName="Ada")._replace(lasts=60),),
        },
        {
            "auth0": {"created_at": When("iso", -60), "updated_at": When("iso")},
            "clerk": {"created_at": When("ms", -60), "updated_at": When("ms")},
            "monocloud": {"creation_time": When("seconds", -60), "last_updated": When("seconds")},
            "mattr": NOTHING,
            "netwrix": NOTHING,
        },
    ),
    Fact(
        "a group",
        {
            "monocloud": (
                monocloud_new(email=EMAIL),
                Step("POST", "/groups", {"name": GROUP}),
                monocloud_do("groups/{made.group_id}"),
            ),
            "netwrix": (netwrix(Groups=[GROUP]),),
        },
        {
            "auth0": NOTHING,
            "clerk": NOTHING,
            "monocloud": {
                "answer": [
                    {
                        "group_id": UUID,
                        "user_id": Like(r"[0-9A-Za-z_-]{21}"),
                        "creation_time": When("seconds"),
                        "group_name": GROUP,
                    }
                ]
            },
            "mattr": NOTHING,
            "netwrix": {"Groups": [GROUP]},
        },
        looks={"monocloud": Step("GET", "./groups")},
    ),
    Fact(
        "power over this server",
        {"netwrix": (netwrix_new(Roles=["reportadmin", "useradmin"]),)},
        in_no_list("netwrix", {"Roles": ["reportadmin", "useradmin"], "Permissions": ["UserManage", "DeviceView"]}),
    ),
)
