"""The search language, text by text: what each asks of the core, and where each refused one cannot be read."""

import contextlib
import time
from typing import Any as Anything

import pytest

from muster.core.connections.model import Connection
from muster.core.query import All, Any, Everyone, Exists, Is, Like, Not, Query, Range
from muster.dialects.auth0.search.meaning import MOST_BYTES, parse
from muster.dialects.kit.errors import BadRequest

HEX = "018f2f0c9d2e7a3bb1c4d5e6f7a8b9c0"
FOREIGN = "id:auth0"

CONNECTIONS = [
    Connection(id="con1", name="Username-Password-Authentication"),
    Connection(id="con2", name="Partners"),
    Connection(id="con3", name="sms", kind="passwordless", strategy="sms"),
    Connection(id="con4", name="google", kind="social", strategy="google-oauth2"),
]

A, B, C, D = (Is("username", name) for name in "abcd")
NOBODY = Any(())


def lacking(*parts: Query) -> Query:
    """Of those without an imported id."""
    return All((*parts, Not(Exists(FOREIGN))))


def nameless(text: str, key: str | None = None) -> Query:
    folded = (key or text).casefold()
    names = ("email", "shown_name", "shown_nickname", "given_name", "family_name", "username")
    return Any((*(Is(name, folded) for name in names), NOBODY))


def moments(field: str, low: int | None, high: int | None) -> Query:
    return Range(field, low, high)


DAY = 86_400_000
Y2018 = 1_514_764_800_000
JAN15 = Y2018 + 14 * DAY

TERMS: dict[str, Query] = {
    # texts, as they stand in real requests
    'email:"jane904@example.com"': Is("email", "jane904@example.com"),
    "email:x@acceptance.test.com": Is("email", "x@acceptance.test.com"),
    "email:Jane.O-Neil+tag@Example.COM": Is("email", "jane.o-neil+tag@example.com"),
    "email:rubytest-210908*": Like("email", ("rubytest-210908", "")),
    "email.domain:Example.com": Is("email.domain", "example.com"),
    'username:"test-user998"': Is("username", "test-user998"),
    "username:testaccdatasourceuser": Is("username", "testaccdatasourceuser"),
    "username:Jane": Is("username", "Jane"),
    "phone_number:+49123456": Is("phone", "+49123456"),
    'phone_number:"+49123456"': Is("phone", "+49123456"),
    'name:"jane smith"': Is("shown_name", "jane smith"),
    'name:"Jane SMITH"': Is("shown_name", "jane smith"),
    r"name:John\ Doe": Is("shown_name", "john doe"),
    "name:STRASSE": Is("shown_name", "strasse"),
    "name:Straße": Is("shown_name", "strasse"),
    "nickname:JJ": Is("shown_nickname", "jj"),
    "given_name:Ann": Is("given_name", "ann"),
    "family_name:O'Neil": Is("family_name", "o'neil"),
    "last_ip:192.0.2.1": Is("last_ip", "192.0.2.1"),
    "last_ip:2001:db8::1": Is("last_ip", "2001:db8::1"),
    "organization_id:org_1a2b": Is("org", "org_1a2b"),
    "name:a|b": Is("shown_name", "a|b"),
    "name:hello!": Is("shown_name", "hello!"),
    "name:-5": Is("shown_name", "-5"),
    "name:a/b": Is("shown_name", "a/b"),
    "name:a&&b": Is("shown_name", "a&&b"),
    "name: jane": Is("shown_name", "jane"),
    "  name:jane  ": Is("shown_name", "jane"),
    "\u3000name:jane\t": Is("shown_name", "jane"),
    "name:日本": Is("shown_name", "日本"),
    'name:""': Is("shown_name", ""),
    'name:"AND"': Is("shown_name", "and"),
    r"name:\AND": Is("shown_name", "and"),
    "name:and": Is("shown_name", "and"),
    "name:TO": Is("shown_name", "to"),
    # escapes
    r'name:"say \"hi\""': Is("shown_name", 'say "hi"'),
    r"name:\"hi\"": Is("shown_name", '"hi"'),
    r"name:a\*b": Is("shown_name", "a*b"),
    r"name:a\?b": Is("shown_name", "a?b"),
    r"name:\(a\)\[b\]\{c\}": Is("shown_name", "(a)[b]{c}"),
    r"name:a\^b\~c": Is("shown_name", "a^b~c"),
    r"name:\+\-\&\|\!\:": Is("shown_name", "+-&|!:"),
    r"name:a\\b": Is("shown_name", "a\\b"),
    r"name:\/etc": Is("shown_name", "/etc"),
    r"name:\>5": Is("shown_name", ">5"),
    'name:"j*"': Is("shown_name", "j*"),
    'name:"?~^/"': Is("shown_name", "?~^/"),
    'name:"(a OR b)"': Is("shown_name", "(a or b)"),
    # truth values
    "email_verified:true": Is("email_verified", value=True),
    "email_verified:false": Is("email_verified", value=False),
    'phone_verified:"true"': Is("phone_verified", value=True),
    "blocked:true": Is("suspended", value=True),
    "NOT blocked:true": Not(Is("suspended", value=True)),
    # numbers
    "logins_count:0": Is("logins", 0.0),
    "logins_count:12": Is("logins", 12.0),
    "logins_count:1.5e1": Is("logins", 15.0),
    "logins_count:-1": Is("logins", -1.0),
    "logins_count:[5 TO 10]": Range("logins", 5.0, 10.0),
    "logins_count:{5 TO 10}": Range("logins", 5.0, 10.0, low_included=False, high_included=False),
    "logins_count:{5 TO 10]": Range("logins", 5.0, 10.0, low_included=False),
    "logins_count:[5 TO 10}": Range("logins", 5.0, 10.0, high_included=False),
    "logins_count:[* TO 10]": Range("logins", None, 10.0),
    "logins_count:[5 TO *]": Range("logins", 5.0),
    "logins_count:{5 TO *}": Range("logins", 5.0, low_included=False, high_included=False),
    "logins_count:[* TO *]": Exists("logins"),
    "logins_count:*": Exists("logins"),
    "logins_count:[  5   TO   10  ]": Range("logins", 5.0, 10.0),
    'logins_count:["5" TO 10]': Range("logins", 5.0, 10.0),
    # dates
    "created_at:2018-01-15": moments("created_at", JAN15, JAN15 + DAY - 1),
    'created_at:"2018-01-15"': moments("created_at", JAN15, JAN15 + DAY - 1),
    "created_at:2018-01": moments("created_at", Y2018, Y2018 + 31 * DAY - 1),
    "created_at:2018": moments("created_at", Y2018, Y2018 + 365 * DAY - 1),
    "created_at:2016-02": moments("created_at", 1_454_284_800_000, 1_454_284_800_000 + 29 * DAY - 1),
    "created_at:2018-01-15T10:30:00.250Z": moments("created_at", JAN15 + 37_800_250, JAN15 + 37_800_250),
    "created_at:2018-01-15T10:30:00Z": moments("created_at", JAN15 + 37_800_000, JAN15 + 37_800_999),
    "created_at:2018-01-15T10:30": moments("created_at", JAN15 + 37_800_000, JAN15 + 37_859_999),
    "created_at:2018-01-15T10": moments("created_at", JAN15 + 36_000_000, JAN15 + 39_599_999),
    "created_at:2018-01-15T10:30:00.25": moments("created_at", JAN15 + 37_800_250, JAN15 + 37_800_250),
    "created_at:2018-01-15T10:30:00.123456789Z": moments("created_at", JAN15 + 37_800_123, JAN15 + 37_800_123),
    "created_at:2018-01-15T12:30:00.250+02:00": moments("created_at", JAN15 + 37_800_250, JAN15 + 37_800_250),
    "created_at:2018-01-15T05:00:00.250-0530": moments("created_at", JAN15 + 37_800_250, JAN15 + 37_800_250),
    "created_at:1969-12-31": moments("created_at", -DAY, -1),
    "created_at:9999-12-31": moments("created_at", 253_402_214_400_000, 253_402_300_799_999),
    "last_login:[* TO 2017-12-31]": moments("last_login", None, Y2018 - 1),
    "last_login:[* TO 2017-12-31}": moments("last_login", None, Y2018 - DAY - 1),
    "last_login:[2025-12-01 TO 2025-12-31]": moments("last_login", 1_764_547_200_000, 1_767_225_599_999),
    "last_login:[2018-01 TO 2018-01]": moments("last_login", Y2018, Y2018 + 31 * DAY - 1),
    "updated_at:{2018-01-15 TO *]": moments("updated_at", JAN15 + DAY, None),
    "updated_at:{2018-01 TO *]": moments("updated_at", Y2018 + 31 * DAY, None),
    "updated_at:[2018-01-15 TO *}": moments("updated_at", JAN15, None),
    "updated_at:{2018-01-14 TO 2018-01-16}": moments("updated_at", JAN15, JAN15 + DAY - 1),
    "updated_at:[2018-01-15T00:00:00Z TO 2018-01-15T00:00:01Z}": moments("updated_at", JAN15, JAN15 + 999),
    "created_at:[* TO *]": Exists("created_at"),
    # texts in ranges
    "name:[a TO c]": Range("shown_name", "a", "c"),
    "name:[A TO C}": Range("shown_name", "a", "c", high_included=False),
    'email:["a b" TO *]': Range("email", "a b"),
    "username:{* TO M]": Range("username", None, "M", low_included=False),
    r"name:[a\ b TO \*]": Range("shown_name", "a b", "*"),
    # wildcards
    "name:j*": Like("shown_name", ("j", "")),
    "name:J**": Like("shown_name", ("j", "")),
    "name:*usa": Like("shown_name", ("", "usa")),
    "name:*usa*": Like("shown_name", ("", "usa", "")),
    "name:jane*smith": Like("shown_name", ("jane", "smith")),
    "name:ja*n": Like("shown_name", ("ja", "n")),
    r"name:*\*\**a": Like("shown_name", ("", "**", "a")),
    r"name:jane\ *smith": Like("shown_name", ("jane ", "smith")),
    "name:*": Exists("shown_name"),
    "email:*": Exists("email"),
    "email.domain:*.ORG": Like("email.domain", ("", ".org")),
    "phone_number:+49*": Like("phone", ("+49", "")),
    "last_ip:192.0.*": Like("last_ip", ("192.0.", "")),
    "app_metadata.plan:pr*": Like("private.plan", ("pr", "")),
    "identities.profileData.name:J*": Like("link.profile.name", ("J", "")),
    # existence
    "_exists_:email": Exists("email"),
    '_exists_:"email"': Exists("email"),
    "_exists_:logins_count": Exists("logins"),
    "NOT _exists_:logins_count": Not(Exists("logins")),
    "(NOT _exists_:logins_count OR logins_count:0)": Any((Not(Exists("logins")), Is("logins", 0.0))),
    "_exists_:user_metadata.plan": Exists("unsafe.plan"),
    "_exists_:user_metadata": Exists("unsafe"),
    "_exists_:app_metadata": Exists("private"),
    r"_exists_:app_metadata.a\.b.c": Exists(r"private.a\.b.c"),
    "_exists_:blocked": Exists("suspended"),
    "_exists_:user_id": Everyone(),
    "_exists_:identities": Everyone(),
    "_exists_:identities.connection": Everyone(),
    "_exists_:identities.profileData.email": Exists("link.profile.email"),
    "_exists_:organization_id": Exists("org"),
    # metadata
    "user_metadata.plan:pro": Is("unsafe.plan", "pro"),
    "user_metadata.plan:Pro": Is("unsafe.plan", "Pro"),
    'user_metadata.addresses.city:"Paris"': Is("unsafe.addresses.city", "Paris"),
    "app_metadata.fontSize:13": Any((Is("private.fontSize", 13), Is("private.fontSize", "13"))),
    "app_metadata.fontSize:13.5": Any((Is("private.fontSize", 13.5), Is("private.fontSize", "13.5"))),
    "app_metadata.fontSize:-13": Any((Is("private.fontSize", -13), Is("private.fontSize", "-13"))),
    'app_metadata.fontSize:"13"': Is("private.fontSize", "13"),
    "app_metadata.on:true": Any((Is("private.on", value=True), Is("private.on", "true"))),
    'app_metadata.on:"true"': Is("private.on", "true"),
    "app_metadata.on:null": Is("private.on", "null"),
    r"user_metadata.favourite\ colour:red": Is("unsafe.favourite colour", "red"),
    r"user_metadata.a\.b:x": Is(r"unsafe.a\.b", "x"),
    r"user_metadata.a\:b:x": Is("unsafe.a:b", "x"),
    "user_metadata.a/b:x": Is("unsafe.a/b", "x"),
    r"app_metadata.https\://x\.org/plan:pro": Is(r"private.https://x\.org/plan", "pro"),
    "app_metadata.url:https://x.org/y": Is("private.url", "https://x.org/y"),
    "app_metadata.n:[1 TO 5}": Range("private.n", 1.0, 5.0, high_included=False),
    "app_metadata.since:[2018-01-01 TO *]": Range("private.since", "2018-01-01"),
    'app_metadata.n:["1" TO 5]': Range("private.n", "1", "5"),
    # identities
    "identities.connection:Username-Password-Authentication": Is("connection", "con1"),
    'identities.connection:"Partners"': Is("connection", "con2"),
    "identities.connection:partners": NOBODY,
    "identities.connection:Nowhere": NOBODY,
    "identities.connection:*art*": Is("connection", "con2"),
    "identities.provider:auth0": Any(
        (Is("connection", "con1"), Is("connection", "con2"), Is("link.provider", "auth0"))
    ),
    "identities.provider:sms": Any((Is("connection", "con3"), Is("link.provider", "sms"))),
    "identities.provider:google-oauth2": Any((Is("link.provider", "google-oauth2"), Is("link.provider", "google"))),
    "identities.provider:google": NOBODY,
    "identities.isSocial:true": Is("link.social", value=True),
    "identities.isSocial:false": Any(
        (Is("link.social", value=False), Not(Exists(FOREIGN)), Like(FOREIGN, ("auth0|", "")))
    ),
    "identities.profileData.email_verified:true": Is("link.profile.email_verified", value=True),
    # ids
    f"user_id:auth0|{HEX}": Is("id", HEX),
    f'user_id:"auth0|{HEX}"': Is("id", HEX),
    "user_id:auth0|jane": Is(FOREIGN, "auth0|jane"),
    "user_id:google-oauth2|123": Is(FOREIGN, "google-oauth2|123"),
    "user_id:auth0": NOBODY,
    f"user_id:{HEX}": NOBODY,
    "user_id:auth0*": Any((Like(FOREIGN, ("auth0", "")), lacking(Everyone()))),
    "user_id:auth0|*": Any((Like(FOREIGN, ("auth0|", "")), lacking(Everyone()))),
    "user_id:auth0|01a*": Any((Like(FOREIGN, ("auth0|01a", "")), lacking(Like("id", ("01a", ""))))),
    "user_id:google*": Like(FOREIGN, ("google", "")),
    "user_id:*abc": Any((Like(FOREIGN, ("", "abc")), lacking(Like("id", ("", "abc"))))),
    "user_id:*|abc": Any((Like(FOREIGN, ("", "|abc")), lacking(Like("id", ("", "|abc"))), lacking(Is("id", "abc")))),
    "user_id:au*h0|ab": Any(
        (Like(FOREIGN, ("au", "h0|ab")), lacking(Like("id", ("", "h0|ab"))), lacking(Is("id", "ab")))
    ),
    "user_id:[auth0|a TO auth0|b}": Any(
        (Range(FOREIGN, "auth0|a", "auth0|b", high_included=False), lacking(Range("id", "a", "b", high_included=False)))
    ),
    "user_id:[a TO b]": Any((Range(FOREIGN, "a", "b"), lacking(Everyone()))),
    "user_id:[b TO c]": Range(FOREIGN, "b", "c"),
    "user_id:[a TO aa]": Range(FOREIGN, "a", "aa"),
    "user_id:{auth0|7 TO *]": Any(
        (Range(FOREIGN, "auth0|7", low_included=False), lacking(Range("id", "7", low_included=False)))
    ),
    "user_id:*": Everyone(),
    # without a field
    "jane": nameless("jane"),
    "JANE": nameless("JANE"),
    '"Jane Smith"': nameless("Jane Smith"),
    "*": Everyone(),
    "*:*": Everyone(),
    "j*": Any(
        (
            *(
                Like(name, ("j", ""))
                for name in ("email", "shown_name", "shown_nickname", "given_name", "family_name", "username")
            ),
            Like(FOREIGN, ("j", "")),
        )
    ),
}

A_AND_B = All((A, B))
JOINED: dict[str, Query] = {
    "username:a AND username:b": A_AND_B,
    "username:a && username:b": A_AND_B,
    "username:a OR username:b": Any((A, B)),
    "username:a || username:b": Any((A, B)),
    "username:a username:b": Any((A, B)),
    "username:a\n\tusername:b": Any((A, B)),
    "username:a AND username:b OR username:c": Any((A_AND_B, C)),
    "username:a OR username:b AND username:c": Any((A, All((B, C)))),
    "username:a OR username:b OR username:c": Any((A, B, C)),
    "username:a AND username:b AND username:c": All((A, B, C)),
    "username:a AND username:b OR username:c AND username:d": Any((A_AND_B, All((C, D)))),
    "username:a username:b AND username:c": Any((A, All((B, C)))),
    "username:a AND (username:b OR username:c)": All((A, Any((B, C)))),
    "(username:a OR username:b) AND username:c": All((Any((A, B)), C)),
    "(username:a OR username:b)AND(username:c)": All((Any((A, B)), C)),
    "((username:a))": A,
    "( username:a )": A,
    "(username:a)(username:b)": Any((A, B)),
    "NOT username:a": Not(A),
    "! username:a": Not(A),
    "!username:a": Not(A),
    "-username:a": Not(A),
    "+username:a": A,
    "NOT NOT username:a": A,
    "NOT (username:a OR username:b)": Not(Any((A, B))),
    "NOT(username:a)": Not(A),
    "NOT username:a AND username:b": All((Not(A), B)),
    "NOT username:a OR username:b": Any((Not(A), B)),
    "username:a AND NOT username:b": All((A, Not(B))),
    "username:a AND -username:b": All((A, Not(B))),
    "username:a AND +username:b": A_AND_B,
    "username:a OR NOT username:b": Any((A, Not(B))),
    "username:a NOT username:b": All((A, Not(B))),
    "username:a -username:b": All((A, Not(B))),
    "username:a username:b !username:c": All((Any((A, B)), Not(C))),
    "+username:a username:b": A,
    "+username:a +username:b": A_AND_B,
    "+username:a username:b -username:c": All((A, Not(C))),
    "-username:a -username:b": All((Not(A), Not(B))),
    "+(username:a username:b) +username:c": All((Any((A, B)), C)),
    "username:a -username:b OR username:c": Any((All((A, Not(B))), C)),
    "username:(a OR b)": Any((A, B)),
    "username:(a b)": Any((A, B)),
    "username:(a AND b)": A_AND_B,
    "username:(a AND NOT b)": All((A, Not(B))),
    'username:("a" OR (b AND c))': Any((A, All((B, C)))),
    "username:(a*)": Like("username", ("a", "")),
    "username:(a:b OR c)": Any((Is("username", "a:b"), C)),
    "logins_count:([1 TO 2] OR 5)": Any((Range("logins", 1.0, 2.0), Is("logins", 5.0))),
    "created_at:(2018-01-15T00:00:00Z)": Range("created_at", JAN15, JAN15 + 999),
    r"app_metadata.n:(\-5)": Any((Is("private.n", -5), Is("private.n", "-5"))),
    "NOT username:(a OR b)": Not(Any((A, B))),
    "username:a AND NOT (username:b AND NOT username:c)": All((A, Not(All((B, Not(C)))))),
    " OR ".join(["username:a"] * 64): Any((A,) * 64),
    "(" * 32 + "username:a" + ")" * 32: A,
    "NOT " * 900 + "username:a": A,
    "username:" + "a" * 4087: Is("username", "a" * 4087),
}

REFUSED: list[tuple[str, int, str]] = [
    ("email:", 7, "a term is missing"),
    ("name:x AND", 11, "a term is missing"),
    ("name:x OR ", 11, "a term is missing"),
    ("NOT", 4, "a term is missing"),
    ("-", 2, "a term is missing"),
    ("+ ", 3, "a term is missing"),
    ("name:x AND NOT", 15, "a term is missing"),
    ("(", 2, "a term is missing"),
    ("name:(", 7, "a term is missing"),
    ("_exists_:", 10, "a term is missing"),
    ("AND name:x", 1, "'AND' stands where a term is expected"),
    ("OR", 1, "'OR' stands where a term is expected"),
    ("&& name:x", 1, "'AND' stands where a term is expected"),
    ("name:x AND OR name:y", 12, "'OR' stands where a term is expected"),
    ("name:x OR OR name:y", 11, "'OR' stands where a term is expected"),
    ("name:x NOT AND name:y", 12, "'AND' stands where a term is expected"),
    ("name:AND", 6, "an operator stands where a value is expected"),
    ("name:NOT x", 6, "an operator stands where a value is expected"),
    ("name:|| x", 6, "an operator stands where a value is expected"),
    ("name:x)", 7, "unexpected ')'"),
    (")", 1, "unexpected ')'"),
    ("()", 2, "unexpected ')'"),
    ("name:()", 7, "unexpected ')'"),
    ("(name:x", 1, "unclosed '('"),
    ("name:y AND (name:x", 12, "unclosed '('"),
    ("name:(x", 6, "unclosed '('"),
    ("(" * 33 + "a" + ")" * 33, 33, "nested more than 32 deep"),
    ("(" * 4000, 33, "nested more than 32 deep"),
    ('name:"x', 6, "unclosed quote"),
    ('name:"x\\"', 6, "unclosed quote"),
    ('name:"a" name:"b', 15, "unclosed quote"),
    ('name:"a"b', 9, "unexpected 'b'"),
    ('name:a"b"', 7, "unexpected '\"'"),
    ('"a""b"', 4, "unexpected '\"'"),
    ("name:a(b)", 7, "unexpected '('"),
    ("name:a[b", 7, "unexpected '['"),
    ("name:a]", 7, "unexpected ']'"),
    ("name:}", 6, "unexpected '}'"),
    (":x", 1, "unexpected ':'"),
    ("name::x", 6, "unexpected ':'"),
    ("name :x", 6, "unexpected ':'"),
    ("_exists_::", 10, "unexpected ':'"),
    ("name:x\\", 7, "nothing follows the backslash"),
    ("name:j?ne", 7, "the wildcard '?' is not supported"),
    ("?", 1, "the wildcard '?' is not supported"),
    ("name:jane~", 10, "'~' is not supported; a backslash before it takes it as it is"),
    ("name:jane~2", 10, "'~' is not supported; a backslash before it takes it as it is"),
    ('name:"jane smith"~3', 18, "'~' is not supported; a backslash before it takes it as it is"),
    ("name:jane^2", 10, "'^' is not supported; a backslash before it takes it as it is"),
    ("(name:jane)^2", 12, "'^' is not supported; a backslash before it takes it as it is"),
    ("name:/j.*/", 6, "regular expressions are not supported; a backslash before '/' takes it as it is"),
    ("/j.*/", 1, "regular expressions are not supported; a backslash before '/' takes it as it is"),
    ("logins_count:>=5", 14, "a comparison is written as a range, [5 TO *]"),
    ("logins_count:<5", 14, "a comparison is written as a range, [5 TO *]"),
    ("logins_count:[5 10]", 16, "a range needs TO between its ends"),
    ("logins_count:[5 to 10]", 16, "a range needs TO between its ends"),
    ("logins_count:[5TO 10]", 18, "a range needs TO between its ends"),
    ("logins_count:[5 TO]", 16, "a range needs TO between its ends"),
    ("logins_count:[5 TO ]", 20, "a range needs two ends"),
    ("logins_count:[]", 15, "a range needs two ends"),
    ("logins_count:[", 15, "a range needs two ends"),
    ("logins_count:[5 TO 10", 14, "unclosed range"),
    ("logins_count:[5 TO 10 20]", 14, "unclosed range"),
    ("logins_count:[5 TO 10)", 14, "unclosed range"),
    ("logins_count:[5 TO 10]x", 23, "unexpected 'x'"),
    ("name:[a* TO b]", 7, "an end of a range has no wildcards"),
    ("name:[a TO b*]", 12, "an end of a range has no wildcards"),
    ("[a TO b]", 1, "a range needs a field"),
    ("name:x AND [a TO b]", 12, "a range needs a field"),
    ("shoe:3", 1, "unknown field 'shoe'"),
    ("name:x AND shoe:3", 12, "unknown field 'shoe'"),
    ("picture:x", 1, "unknown field 'picture'"),
    ("connection:x", 1, "unknown field 'connection'"),
    ("name.raw:x", 1, "unknown field 'name.raw'"),
    ("Email:x", 1, "unknown field 'Email'"),
    ("user_metadata:x", 1, "unknown field 'user_metadata'"),
    ("user_metadata.:x", 1, "unknown field 'user_metadata.'"),
    ("app_metadata..a:x", 1, "unknown field 'app_metadata..a'"),
    ("identities.access_token:x", 1, "unknown field 'identities.access_token'"),
    ("identities.profileData.gender:x", 1, "unknown field 'identities.profileData.gender'"),
    ("https://example.com", 7, "regular expressions are not supported; a backslash before '/' takes it as it is"),
    ("_exists_:shoe", 10, "unknown field 'shoe'"),
    ("_exists_:na*", 10, "_exists_ takes the name of a field"),
    ("_exists_:AND", 10, "_exists_ takes the name of a field"),
    ("_exists_:(name)", 10, "unexpected '('"),
    ("user_metadata.*:x", 1, "a field's name has no wildcards"),
    ("name:*sa", 6, "a wildcard that is not at the end needs at least 3 literal characters beside it"),
    ("name:*s*", 6, "a wildcard that is not at the end needs at least 3 literal characters beside it"),
    ("name:j*h", 6, "a wildcard that is not at the end needs at least 3 literal characters beside it"),
    ("*ab", 1, "a wildcard that is not at the end needs at least 3 literal characters beside it"),
    ("user_metadata.plan:pr*", 20, "user_metadata has no wildcards"),
    ("user_metadata.plan:[a TO b]", 20, "user_metadata has no ranges"),
    ("created_at:2018*", 12, "this field has no wildcards"),
    ("logins_count:1*", 14, "this field has no wildcards"),
    ("blocked:tr*", 9, "this field has no wildcards"),
    ("identities.isSocial:tr*", 21, "this field has no wildcards"),
    ("blocked:[false TO true]", 9, "this field has no ranges"),
    ("identities.connection:[a TO b]", 23, "this field has no ranges"),
    ("identities.provider:[a TO b]", 21, "this field has no ranges"),
    ("identities.user_id:[a TO b]", 20, "this field has no ranges"),
    ("identities.isSocial:[a TO b]", 21, "this field has no ranges"),
    ("blocked:yes", 9, "this field is either true or false"),
    ("blocked:True", 9, "this field is either true or false"),
    ("identities.isSocial:1", 21, "this field is either true or false"),
    ("logins_count:many", 14, "this field is a number"),
    ("logins_count:[1 TO x]", 20, "this field is a number"),
    ("logins_count:٣", 14, "this field is a number"),
    *(
        (f"created_at:{wrong}", 12, "this field is a date, YYYY-MM-DD, YYYY-MM or all of ISO 8601")
        for wrong in (
            "yesterday",
            "2018-13",
            "2018-02-30",
            "2018-1-5",
            "0000-01-01",
            "2018-01-15T25:00:00Z",
            "2018-01-15T10:00:60Z",
            "2018-01-15Z10",
            "1514764800000",
            "now-1d",
            "２０１８-01-01",
        )
    ),
    ("name:x AND name:" + "*a" * 17, 17, "more than 16 wildcards in one term"),
    ("abc " * 60, 42 * 4 + 1, "the terms up to here ask for too much at once"),
    (" OR ".join(["name:a"] * 65), 64 * 10 + 6, "more than 64 terms"),
    ("-name:a " * 65, 64 * 8 + 7, "more than 64 terms"),
]


@pytest.mark.parametrize(("q", "asked"), [*TERMS.items(), *JOINED.items()])
def test_a_question_is_read(q: str, asked: Query) -> None:
    assert parse(q, CONNECTIONS) == asked


@pytest.mark.parametrize(("q", "position", "problem"), REFUSED)
def test_what_cannot_be_read_is_pointed_at(q: str, position: int, problem: str) -> None:
    near = q[position - 1 : position + 19].strip() or "the end"
    with pytest.raises(BadRequest) as refused:
        parse(q, CONNECTIONS)
    said = f"Query validation error: 'Invalid q: {problem} at position {position}, near '{near}'' on property q."
    assert (refused.value.code, refused.value.detail["message"]) == ("invalid_query_string", said)


def test_the_tables_are_as_long_as_they_should_be() -> None:
    assert (len(TERMS) + len(JOINED) >= 150, len(REFUSED) >= 60) == (True, True)


def test_a_question_is_no_longer_than_the_vendors() -> None:
    longest = "é" * (MOST_BYTES // 2)
    assert parse(longest, CONNECTIONS) == nameless(longest)
    with pytest.raises(BadRequest) as refused:
        parse("é" * (MOST_BYTES // 2) + "a", CONNECTIONS)
    assert refused.value.code == "uri_too_long"


@pytest.mark.parametrize("text", ["\\", '"', "[", "a:[", "((", "\ud800", "\0", "*" * 4000, "a*" * 2000, "\\*" * 2000])
def test_nothing_but_a_refusal_comes_of_odd_text(text: str) -> None:
    for q in (text, f"name:{text}", f"app_metadata.{text}:{text}", f"user_id:{text}", f"_exists_:{text}"):
        with contextlib.suppress(BadRequest):
            parse(q[:1300], CONNECTIONS)


def test_a_huge_number_in_metadata_is_kept_whole() -> None:
    digits = "9" * 4000
    wanted: Anything = Any((Is("private.n", int(digits)), Is("private.n", digits)))
    assert parse(f"app_metadata.n:{digits}", CONNECTIONS) == wanted


def test_an_identitys_id_is_that_of_any_account() -> None:
    found = parse("identities.user_id:abc", CONNECTIONS)
    providers = ("auth0", "google-oauth2", "sms")
    assert found == Any(
        (lacking(Is("id", "abc")), Is("link.subject", "abc"), *(Is(FOREIGN, f"{name}|abc") for name in providers))
    )
    patterns = parse("identities.user_id:*abc", CONNECTIONS)
    assert patterns == Any(
        (
            lacking(Like("id", ("", "abc"))),
            Like("link.subject", ("", "abc")),
            *(Like(FOREIGN, (f"{name}|", "abc")) for name in providers),
        )
    )


@pytest.mark.parametrize(
    "q", ["a*" * 2000, '"' + "\\a" * 2000, "name:" + "*abc" * 1000, "user_id:" + "*a" * 2000, "a:" * 2000, "(a " * 1300]
)
def test_reading_takes_no_longer_than_the_text_is(q: str) -> None:
    """A wildcard's matcher, a quote's or a bracket's search for its end: none of them starts over at each character."""
    started = time.process_time()
    with contextlib.suppress(BadRequest):
        parse(q, CONNECTIONS)
    assert time.process_time() - started < 0.5


def test_positions_count_characters() -> None:
    with pytest.raises(BadRequest) as refused:
        parse("name:日本 AND shoe:3", CONNECTIONS)
    assert "at position 13, near 'shoe:3'" in str(refused.value.detail["message"])
