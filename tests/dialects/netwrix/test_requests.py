"""How a request may be spelled: query, form, JSON and JSV, any case, with a last slash or without; and what is refused."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlencode

from tests.dialects.netwrix.service import PASSWORD, Netwrix, jsv, refusal, sign_in

FORM = {"content-type": "application/x-www-form-urlencoded"}
DETAILS = {
    "FirstName": 'Ada, "Countess" of {Lovelace}',
    "SecondName": "Bÿron & [Co]",
    "Roles": ["user"],
    "TwoFactorRequired": False,
    "DateFormats": {
        "Name": "own",
        "LongDateTimeFormatNet": "d MMM yyyy, HH:mm",
        "ShortDateTimeFormatNet": "d/M",
        "LongDateTimeFormatJs": "D MMM YYYY, HH:mm",
        "ShortDateTimeFormatJs": "D/M",
    },
    "NotificationGroups": [
        {"GroupName": "All, of them", "NotificationTypes": ["Planned", "Un,planned"], "NotificationMethod": "Email"}
    ],
}


def request(name: str) -> dict[str, Any]:
    return {"UserDetails": {"UserName": name, **DETAILS}, "Password": PASSWORD, "SkipCheck": True}


async def test_every_spelling_of_a_request_says_the_same(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    flat = {"Password": PASSWORD, "skipcheck": "1"}
    ways = {
        "json": admin.post("/users/add/", json=request("json")),
        "text": admin.post("/users/add", content=jsv(request("text")), headers={"content-type": "text/jsv"}),
        "query": admin.get("/users/add/?" + urlencode(flat | {"UserDetails": jsv(request("query")["UserDetails"])})),
        "form": admin.post("/Users/ADD", data=flat | {"userdetails": jsv(request("form")["UserDetails"])}),
        "bare": admin.post(
            "/users/add",
            content=urlencode(flat | {"UserDetails": jsv(request("bare")["UserDetails"])}),
        ),
    }
    shown = {}
    for name, sent in ways.items():
        answer = await sent
        assert answer.status_code == 200, (name, answer.text)
        assert answer.headers["content-type"] == "application/json; charset=utf-8"
        shown[name] = answer.json()
        assert shown[name].pop("UserName") == name
        shown[name].pop("Id")
    assert shown["json"].items() >= DETAILS.items()
    assert all(each == shown["json"] for each in shown.values())


async def test_json_in_a_query_and_lists_in_their_three_forms(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for name, details in {
        "a": '{"UserName":"a","Groups":["North","South"],"FirstName":"x\\u00e9"}',
        "b": "{UserName:b,Groups:[North,South],FirstName:xé}",
    }.items():
        answer = await admin.get("/users/add/", params={"UserDetails": details, "Password": PASSWORD})
        assert (answer.json()["Groups"], answer.json()["FirstName"]) == (["North", "South"], "xé"), name
    for query in ("Roles=user&Roles=user", "roles=user,user", "ROLES=[user]"):
        assert (await admin.get(f"/userRolesPermisions/check?UserName=a&{query}")).json() is True
    assert (await admin.get("/userRolesPermissions/check?UserName=a&Roles=user,admin")).json() is False


async def test_the_body_wins_over_the_query_and_the_path_over_both(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for name in ("one", "two", "three"):
        await netwrix.add(admin, name)
    answer = await admin.post("/users/one?UserName=two", json={"UserName": "three"})
    assert answer.json()["UserName"] == "one"
    assert (await admin.post("/users/delete?UserName=two", json={"username": "three"})).status_code == 204
    assert [user["UserName"] for user in (await admin.post("/users/")).json()] == ["admin", "one", "two"]


async def test_values_are_converted_as_the_framework_does(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    sent = {"UserDetails": {"UserName": 5, "TwoFactorRequired": "TRUE", "Id": "7", "FirstName": None}, "Version": "2"}
    answer = await admin.post("/users/add", json=sent | {"Password": PASSWORD, "Unknown": [{}]})
    assert answer.status_code == 200
    assert {**answer.json(), "Id": 0}.items() >= {"UserName": "5", "TwoFactorRequired": True, "Version": 0}.items()
    assert "FirstName" not in answer.json()


BINDING = "RequestBindingException"


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({"content": b"{", "headers": {"content-type": "application/json"}}, 400, "The body is not valid JSON"),
    ({"content": b'{"a":"\xff"}', "headers": {"content-type": "application/json"}}, 400, "not valid UTF-8"),
    ({"content": b'{"a":"\\ud800"}', "headers": {"content-type": "application/json"}}, 400, "The body is not valid"),
    ({"content": b'{"a":"\\u0000"}', "headers": {"content-type": "application/json"}}, 400, "U+0000"),
    ({"content": b"[" * 5000, "headers": {"content-type": "application/json"}}, 400, "The body is"),
    ({"content": b"[]", "headers": {"content-type": "application/json"}}, 400, "Unable to bind to request 'AddUser'"),
    ({"content": b"{a:" * 500, "headers": {"content-type": "text/jsv"}}, 400, "nested too deeply"),
    ({"content": b"{a:\xff}", "headers": {"content-type": "text/jsv"}}, 400, "not valid UTF-8"),
    ({"content": b"a=%00", "headers": FORM}, 400, "percent-encoding"),
    ({"content": b"a=%zz", "headers": FORM}, 400, "percent-encoding"),
    ({"content": b"<a/>", "headers": {"content-type": "application/xml"}}, 415, "Unsupported media type"),
    ({"content": b"a=" + b"b" * 1_100_000, "headers": FORM}, 413, "The body is over 1048576 bytes"),
    ({"json": {"UserDetails": "x"}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": "{a"}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": []}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "Roles": [{}]}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "Locked": "maybe"}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "Id": 2**31}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "Id": 1e300}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "NotificationGroups": [{"Version": "x"}]}}}, 400, "Unable to bind"),
    ({"json": {"UserDetails": {"UserName": "u", "Roles": ["nosuch"]}}}, 400, "Role 'nosuch' does not exist"),
    ({"json": {"UserDetails": {"UserName": "u", "Email": "no address"}}}, 400, "e-mail address"),
    ({"json": {"UserDetails": {"UserName": "a\\b"}}}, 400, "The user name is not valid"),
    ({"json": {"UserDetails": {"UserName": "x" * 257}}}, 400, "The user name is not valid"),
    ({"json": {"UserDetails": {"UserName": "Add"}}}, 400, "The user name is reserved"),
    ({"json": {"UserDetails": {"UserName": "agent"}}}, 400, "The user name is reserved"),
    ({"json": {"UserDetails": {"UserName": "ADMIN"}}}, 400, "User 'ADMIN' already exists"),
    ({"json": {"UserDetails": {"UserName": "u", "Groups": [" "]}}}, 400, "A group's name"),
    ({"json": {"UserDetails": {"UserName": "u", "Groups": [str(n) for n in range(201)]}}}, 400, "at most 200 groups"),
    ({"json": {"UserDetails": {"UserName": "u"}, "Password": "short"}}, 400, "at least 12 characters"),
    ({"json": {"UserDetails": {"UserName": "u"}, "Password": "x" * 5000, "SkipCheck": True}}, 400, "too long"),
]


async def test_what_cannot_be_taken(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for sent, status, message in REFUSED:
        answer = await admin.post("/users/add", **sent)
        assert answer.status_code == status, (sent, answer.text)
        shown = answer.json()["ResponseStatus"]
        assert message in shown["Message"]
        assert set(shown) == {"ErrorCode", "Message", "Errors"}
    assert [user["UserName"] for user in (await admin.get("/users/")).json()] == ["admin"]


async def test_every_fault_of_a_request_is_named(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    sent = {"UserDetails": {"UserName": "u", "Id": "x", "NotificationGroups": [{"Version": "y"}]}, "Version": "z" * 200}
    answer = await admin.post("/users/add", json=sent)

    def fault(field: str, value: str) -> dict[str, str]:
        code = "SerializationException"
        return {"ErrorCode": code, "FieldName": field, "Message": f"'{value}' is an Invalid value for '{field}'"}

    assert answer.json() == refusal(
        BINDING,
        "Unable to bind to request 'AddUser'",
        fault("UserDetails.Id", "x"),
        fault("UserDetails.NotificationGroups[0].Version", "y"),
        fault("Version", "z" * 100 + "…"),
    )


async def test_what_is_missing_is_named(netwrix: Netwrix) -> None:
    client = netwrix.client()

    def missing(field: str, spaced: str) -> dict[str, str]:
        return {"ErrorCode": "NotEmpty", "FieldName": field, "Message": f"'{spaced}' must not be empty."}

    answer = await sign_in(client, "", "")
    assert (answer.status_code, answer.json()) == (
        400,
        refusal(
            "NotEmpty",
            "'User Name' must not be empty.",
            missing("UserName", "User Name"),
            missing("Password", "Password"),
        ),
    )
    admin = await netwrix.signed_in()
    answer = await admin.post("/users/add")
    assert answer.json()["ResponseStatus"]["Errors"] == [missing("UserDetails.UserName", "User Name")]


async def test_paths_and_methods(netwrix: Netwrix) -> None:
    admin = await netwrix.signed_in()
    for path in ("/nothing", "/users/a/b", "/json/reply/GetUser", "/api/GetUser", "/access-token"):
        answer = await admin.get(path)
        assert (answer.status_code, answer.json()["ResponseStatus"]["ErrorCode"]) == (404, "NotFound"), path
    answer = await admin.get("/users/twoFactorStatus")
    assert answer.status_code == 405
    assert answer.headers["allow"] == "POST"
    await netwrix.add(admin, "kept")
    assert (await admin.head("/users/delete?UserName=kept")).status_code == 405
    assert (await admin.get("/users/kept")).status_code == 200
    answer = await admin.put("/users/add")
    assert (answer.status_code, answer.json()) == (405, refusal("MethodNotAllowed", "Method Not Allowed"))
    await netwrix.add(admin, "MixedCase a+b/ü")
    path = "/USERS/" + quote("MixedCase a+b/ü", safe="")
    assert (await admin.get(path)).json()["UserName"] == "MixedCase a+b/ü"
    assert (await admin.get("/users/%ff")).status_code == 400
