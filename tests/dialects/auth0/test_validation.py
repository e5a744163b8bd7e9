"""The texts that refuse a body, a query or a path: whole messages, since clients read them."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from muster.dialects.auth0.schema import clients, connections, users
from muster.dialects.auth0.validation import MOST_PROBLEMS, body_problem, check_body, check_path, check_query
from muster.dialects.kit.errors import BadRequest
from muster.dialects.kit.fields import Field, Flag, Integer, List, Number, Object, OneOf, Text

GROUPS = Object(
    members={
        "groups": List("The groups.", items=Object(members={"email": Text("An address.", format="email")}), max=2),
        "count": Integer("How many.", min=1, max=5),
        "ratio": Number("How much."),
        "on": Flag("Whether.", only=True),
        "id": OneOf("An id.", shapes=(Text(), Integer())),
        "settings": Object("Specific settings.", closed=True, nullable=True, min=1, max=2, members={"a": Text()}),
        "texts": Object("Named texts.", values=Text("One text.", max=3)),
        "color": Text(one_of=("red", "blue"), nullable=True),
        "anything": Field(),
    }
)


def refusal(schema: Field, value: Any) -> str:
    with pytest.raises(BadRequest) as refused:
        check_body(schema, value)
    assert refused.value.code == "invalid_body"
    return str(refused.value.detail["message"])


def test_a_body_that_fits_comes_back_as_it_is() -> None:
    body = {
        "connection": "Username-Password-Authentication",
        "email": "jane@example.com",
        "phone_number": "+199999999999999",
        "picture": "https://s.gravatar.com/avatar/x?s=480&d=https%3A%2F%2Fcdn.example.com%2Fja.png",
        "user_metadata": {"any": ["thing", None, 1.5]},
        "blocked": False,
    }
    assert check_body(users.CREATE, body) is body


def test_several_violations_are_told_in_one_message() -> None:
    sent = {"connection": "x", "username": "", "picture": "", "phone_number": ""}
    assert refusal(users.CREATE, sent) == (
        "Payload validation error: 'String is too short (0 chars), minimum 1' on property username (The user's username. "
        "Only valid if the connection requires a username). (also) Payload validation error: 'Object didn't pass "
        "validation for format strict-uri: ' on property picture (A URI pointing to the user's picture). (also) Payload "
        "validation error: 'String does not match pattern ^\\+[0-9]{1,15}$: ' on property phone_number (The user's phone "
        "number (following the E.164 recommendation))."
    )


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({}, "'Missing required property: connection'."),
        ([], "'Expected type object but found type array'."),
        (None, "'Expected type object but found type null'."),
        ({"connection": "x", "b": 1, "a": 2}, "'Additional properties not allowed: b,a'."),
    ],
)
def test_a_problem_of_the_root_has_no_place(value: Any, problem: str) -> None:
    assert refusal(users.CREATE, value) == f"Payload validation error: {problem}"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (
            {"groups": [{"email": "jane"}]},
            "'Object didn't pass validation for format email: jane' on property groups[0].email (An address).",
        ),
        ({"groups": [{}, {}, {}]}, "'Array is too long (3), maximum 2' on property groups (The groups)."),
        ({"groups": {}}, "'Expected type array but found type object' on property groups (The groups)."),
        ({"count": 0}, "'Value 0 is less than minimum 1' on property count (How many)."),
        ({"count": 101}, "'Value 101 is greater than maximum 5' on property count (How many)."),
        ({"count": True}, "'Expected type integer but found type boolean' on property count (How many)."),
        ({"count": 1.5}, "'Expected type integer but found type number' on property count (How many)."),
        ({"ratio": "1"}, "'Expected type number but found type string' on property ratio (How much)."),
        ({"on": 1}, "'Expected type boolean but found type integer' on property on (Whether)."),
        ({"on": False}, "'No enum match for: false' on property on (Whether)."),
        ({"id": []}, "'Data does not match any schemas from 'oneOf'' on property id (An id)."),
        (
            {"settings": {"second_setting": 1, "first_setting": 2}},
            "'Additional properties not allowed: second_setting,first_setting' on property settings (Specific settings).",
        ),
        (
            {"settings": "x"},
            "'Expected type object,null but found type string' on property settings (Specific settings).",
        ),
        (
            {"settings": {}},
            "'Too few properties defined (0), minimum 1' on property settings (Specific settings).",
        ),
        ({"texts": {"a": "long"}}, "'String is too long (4 chars), maximum 3' on property texts.a (One text)."),
        ({"color": "green"}, "'No enum match for: green' on property color."),
    ],
)
def test_each_kind_of_problem(value: Any, problem: str) -> None:
    assert refusal(GROUPS, value) == f"Payload validation error: {problem}"


@pytest.mark.parametrize("value", [{"settings": None}, {"color": None}, {"anything": None}, {"id": 7}, {"count": 2.0}])
def test_what_may_be_null_or_of_several_kinds(value: Any) -> None:
    assert check_body(GROUPS, value) == value


def test_null_is_no_text() -> None:
    assert refusal(users.CREATE, {"connection": "x", "name": None}) == (
        "Payload validation error: 'Expected type string but found type null' on property name (The full name)."
    )
    assert check_body(users.UPDATE, {"name": None}) == {"name": None}


@pytest.mark.parametrize(
    "address",
    [
        "jane@example.com",
        "x@acceptance.test.com",
        "jane.o'hara+tag@mail.example.co.uk",
        "Jane@Example.COM",
        "jane@corp.internal",
        "jané@exämple.org",
        "a" * 64 + "@example.com",
    ],
)
def test_addresses_that_mail_can_have(address: str) -> None:
    assert check_body(users.UPDATE, {"email": address})


@pytest.mark.parametrize(
    "address",
    [
        "",
        "jane",
        "jane@",
        "@example.com",
        "jane@localhost",
        "jane@@example.com",
        "jane doe@example.com",
        " jane@example.com",
        "jane@example.com\n",
        ".jane@example.com",
        "ja..ne@example.com",
        "jane@-example.com",
        "jane@example..com",
        "Jane <jane@example.com>",
        "a" * 65 + "@example.com",
        "jane@" + "a" * 64 + ".com",
        "a@" + "b." * 200 + "com",
    ],
)
def test_addresses_that_mail_cannot_have(address: str) -> None:
    message = refusal(users.UPDATE, {"email": address})
    assert message.startswith("Payload validation error: 'Object didn't pass validation for format email: ")


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "x",
        "/a.png",
        "ftp://example.com/a",
        "javascript:alert(1)",
        "https://",
        "https://exa mple.com",
        "https://a/\n",
    ],
)
def test_addresses_that_no_picture_can_have(uri: str) -> None:
    assert "strict-uri" in refusal(users.UPDATE, {"picture": uri})


def test_the_end_of_a_pattern_is_the_end_of_the_text() -> None:
    assert "does not match pattern" in refusal(users.UPDATE, {"phone_number": "+123\n"})


def test_a_value_is_shown_up_to_200_characters() -> None:
    sent = {"connection": "x", "phone_number": "9" * 100_000, "k" * 5_000: 1}
    assert refusal(users.CREATE, sent) == (
        f"Payload validation error: 'Additional properties not allowed: {'k' * 200}'. (also) Payload validation error: "
        rf"'String does not match pattern ^\+[0-9]{{1,15}}$: {'9' * 200}' on property phone_number (The user's phone number "
        "(following the E.164 recommendation))."
    )


def test_a_million_mistakes_are_a_short_message_soon() -> None:
    started = time.perf_counter()
    message = refusal(Object(members={"roles": List(items=Text())}), {"roles": [0] * 300_000})
    assert message.count("Payload validation error") == MOST_PROBLEMS
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "value",
    ["a@" + "a-" * 100_000, "a." * 100_000, "@" * 200_000, "https://" + "a" * 200_000 + " ", "+" + "1" * 200_000 + "x"],
)
def test_hostile_texts_are_refused_soon(value: str) -> None:
    started = time.perf_counter()
    for member in ("email", "picture", "phone_number"):
        refusal(users.UPDATE, {member: value})
    refusal(connections.CREATE, {"strategy": "auth0", "name": value})
    assert time.perf_counter() - started < 1


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)


@given(JSON, st.sampled_from([users.CREATE, users.UPDATE, clients.CREATE, connections.CREATE, GROUPS]))
def test_whatever_comes_is_taken_or_refused(value: Any, schema: Object) -> None:
    sent = dict.fromkeys(schema.members, value)
    for body in (value, sent):
        try:
            taken = check_body(schema, body) is body
        except BadRequest as refused:
            taken = str(refused.detail["message"]).startswith("Payload validation error: '")
        assert taken


def query_refusal(query: dict[str, list[str]]) -> str:
    with pytest.raises(BadRequest) as refused:
        check_query(users.LIST_QUERY, query)
    assert refused.value.code == "invalid_query_string"
    return str(refused.value.detail["message"])


def test_a_query_becomes_values() -> None:
    query = {
        "page": ["2"],
        "per_page": ["0"],
        "include_totals": ["true"],
        "fields": ["email,user_id,last_password_reset,"],
        "include_fields": ["false"],
        "q": ['email:"a"'],
    }
    assert check_query(users.LIST_QUERY, query) == {
        "page": 2,
        "per_page": 0,
        "include_totals": True,
        "fields": ("email", "user_id", "last_password_reset"),
        "include_fields": False,
        "q": 'email:"a"',
    }
    assert check_query(connections.LIST_QUERY, {"strategy": ["auth0", "email"]}) == {"strategy": ["auth0", "email"]}


@pytest.mark.parametrize(
    ("query", "problem"),
    [
        ({"include_total": ["true"]}, "'Additional properties not allowed: include_total'."),
        (
            {"page": ["-1"]},
            "'Value -1 is less than minimum 0' on property page (Which page of the results, counted from 0).",
        ),
        (
            {"per_page": ["101"]},
            (
                "'Value 101 is greater than maximum 100' on property per_page (Results per page, at most 100; 50 when not "
                "given)."
            ),
        ),
        (
            {"page": ["9" * 5_000]},
            "'Expected type integer but found type string' on property page (Which page of the results, counted from 0).",
        ),
        (
            {"search_engine": ["v4"]},
            "'No enum match for: v4' on property search_engine (The version of the query language).",
        ),
        ({"q": ["a", "b"]}, "'Expected type string but found type array' on property q (A query in Lucene's syntax)."),
        (
            {"fields": ["id,email,name"]},
            (
                "'String 'id,email,name' does not match pattern. Must be a comma separated list of the following values: "
                "phone_number,email,email_verified,picture,username,user_id,name,nickname,created_at,identities,app_metadata,"
                "user_metadata,last_ip,last_login,logins_count,updated_at,blocked,family_name,given_name' on property fields "
                "(Comma-separated list of fields to include or exclude (based on value provided for include_fields) in the "
                "result. Leave empty to retrieve all fields)."
            ),
        ),
    ],
)
def test_each_kind_of_problem_in_a_query(query: dict[str, list[str]], problem: str) -> None:
    assert query_refusal(query) == f"Query validation error: {problem}"


def test_an_unknown_parameter_is_told_with_the_wrong_ones() -> None:
    assert query_refusal({"include_totals": ["1"], "x": ["1"]}) == (
        "Query validation error: 'Additional properties not allowed: x'. (also) Query validation error: 'Expected type "
        "boolean but found type string' on property include_totals (Answer with an object that holds the number of all "
        "results, instead of a bare array)."
    )


@pytest.mark.parametrize("text", ["6560cd0f6caaac5b4692f454", "|x", "auth0|", ""])
def test_a_user_id_without_its_parts_is_refused_without_a_place(text: str) -> None:
    with pytest.raises(BadRequest) as refused:
        check_path(users.PATH, {"id": text})
    assert (refused.value.code, refused.value.detail) == (
        "invalid_uri",
        {"message": f"Object didn't pass validation for format user-id: {text}"},
    )


def test_a_path_is_refused_with_its_place() -> None:
    with pytest.raises(BadRequest) as refused:
        check_path(clients.PATH, {"id": "a/b"})
    assert refused.value.detail == {
        "message": "Path validation error: 'Object didn't pass validation for format client-id: a/b' on property id (The "
        "client's id)."
    }
    assert check_path(users.PATH, {"id": "samlp|conn|a b"}) == {"id": "samlp|conn|a b"}


def test_a_problem_that_no_table_knows_is_told_in_the_same_words() -> None:
    assert body_problem("Missing required property: email").detail == {
        "message": "Payload validation error: 'Missing required property: email'."
    }
