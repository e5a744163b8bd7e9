"""Text messages through a gateway, which is any server that takes a request."""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import pytest

from muster.core.messages.queue import NotSent
from muster.outside.http import Outside
from muster.outside.sms import SmsGateway
from muster.settings import Settings
from tests.outside.servers import Received, plain, serving

TO = "+4930123456"
TEXT = 'Your "code" \\ {to} & 1=2 + ü\n\ud800'
SENT = TEXT.replace("\ud800", "?")


def gateway(port: int, path: str = "/sms", **more: object) -> SmsGateway:
    settings = {
        "url": f"http://127.0.0.1:{port}{path}",
        "method": "POST",
        "headers": ["Authorization: Bearer s3cret"],
        "body": Settings().sms_body,
        **more,
    }
    return SmsGateway(Outside(["127.0.0.1"]), **settings)  # type: ignore[arg-type]


async def sent(**more: object) -> Received:
    async with serving(lambda _: plain(201)) as server:
        await gateway(server.port, **more).send(TO, TEXT)  # type: ignore[arg-type]
        [received] = server.received
        return received


async def test_as_json_unless_something_else_is_said() -> None:
    received = await sent()
    assert (received.method, received.target) == ("POST", "/sms")
    assert received.headers["authorization"] == "Bearer s3cret"
    assert received.headers["content-type"] == "application/json"
    assert json.loads(received.body) == {"to": TO, "text": SENT}


async def test_as_a_form() -> None:
    form = "To={to}&From=%2B155501&Body={text}"
    headers = ["Content-Type: application/x-www-form-urlencoded; charset=utf-8"]
    received = await sent(body=form, headers=headers, method="PUT")
    assert received.method == "PUT"
    assert parse_qs(received.body.decode()) == {"To": [TO], "From": ["+155501"], "Body": [SENT]}


async def test_in_the_address() -> None:
    received = await sent(method="GET", path="/send?to={to}&text={text}&key=1")
    assert (received.method, received.body, received.headers.get("content-type")) == ("GET", b"", None)
    assert parse_qs(received.target.partition("?")[2]) == {"to": [TO], "text": [SENT], "key": ["1"]}


@pytest.mark.parametrize(
    ("status", "told"),
    [
        (400, "Undeliverable refused"),
        (422, "Undeliverable refused"),
        (401, "NotSent refused"),
        (429, "NotSent refused"),
        (500, "NotSent refused"),
        (302, "NotSent refused"),
    ],
)
async def test_what_the_gateway_refuses(status: int, told: str) -> None:
    async with serving(lambda _: plain(status)) as server:
        with pytest.raises(NotSent) as refused:
            await gateway(server.port).send(TO, TEXT)
        assert f"{type(refused.value).__name__} {refused.value.reason}" == told


@pytest.mark.parametrize("to", ["", "12345", "+12", "+1234567890123456", "+123456a", "+123456\r\n", "tel:+123456"])
async def test_what_is_no_number_is_sent_to_nobody(to: str) -> None:
    async with serving(lambda _: plain()) as server:
        with pytest.raises(NotSent) as refused:
            await gateway(server.port).send(to, TEXT)
        assert refused.value.reason == "address"
        assert server.connections == 0


async def test_a_gateway_of_the_inner_network_must_be_allowed() -> None:
    body = Settings().sms_body
    closed = SmsGateway(Outside(), url="https://127.0.0.1/", method="POST", headers=[], body=body)
    with pytest.raises(NotSent) as refused:
        await closed.send(TO, TEXT)
    assert refused.value.reason == "gateway_address"
