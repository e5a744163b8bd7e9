"""The only way out: one HTTP request to another server, whose address somebody else may have chosen.

A host is resolved once, the addresses are checked, and the connection goes to just those, so that no second answer of a name
server can lead elsewhere. The certificate is still that of the host's name (RFC 9110 section 4.3.4). No redirect is followed,
no proxy of the environment is used, no cookie is kept, and what comes back is bounded in time and size.
"""

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Final

from muster import __version__
from muster.core.outside import Fetched, OutsideFailed, OutsideRefused
from muster.outside.addresses import Allowed, is_public

if TYPE_CHECKING:
    import httpx

LONGEST: Final = 1_048_576
"""Bytes of an answer's body."""

USER_AGENT: Final = f"Muster/{__version__}"

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
"""The addresses of a host, as text, best first; `OSError` when it has none."""


async def resolve(host: str, port: int) -> Sequence[str]:
    """What this machine's resolver says. It also reads decimal, octal and hexadecimal spellings of an address."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


class Outside:
    """Makes requests that go to the public internet or to what `allow` names; see `muster.core.outside.Outside`.

    Plain `http` is for what `allow` names alone. `trusted` is for a test's own authority; the machine's are taken else.
    """

    def __init__(
        self, allow: Iterable[str] = (), *, resolve: Resolve = resolve, trusted: ssl.SSLContext | None = None
    ) -> None:
        self._allowed = Allowed(allow)
        self._resolve = resolve
        self._trusted = trusted

    async def fetch(
        self,
        method: str,
        url: str,
        *,
        headers: Sequence[tuple[str, str]] = (),
        body: bytes = b"",
        timeout: float = 10.0,  # noqa: ASYNC109 - of all of it
    ) -> Fetched:
        """The answer, whatever its status; `OutsideRefused` or `OutsideFailed` when there is none."""
        # Costs 20 MB that a server which asks nobody for anything should not pay.
        import httpx

        target = _parsed(url)
        request = _request(method, target, headers, body)
        try:
            async with asyncio.timeout(timeout):
                addresses = await self._addresses(target)
                if self._trusted is None:
                    self._trusted = await asyncio.to_thread(ssl.create_default_context)
                # Each address has its share of the time, so that a dead one does not use up all of it.
                request.extensions["timeout"] = {"connect": timeout / len(addresses)}
                return await self._first(addresses, request, self._trusted)
        except TimeoutError:
            raise OutsideFailed("timeout") from None
        except httpx.HTTPError:
            raise OutsideFailed("protocol") from None

    async def _addresses(self, target: "httpx.URL") -> list[str]:
        """Where the host may be reached, which is decided here and not asked again."""
        host = target.raw_host.decode("ascii")
        try:
            found = await self._resolve(host, _port(target))
        except (OSError, UnicodeError):
            raise OutsideFailed("unresolved") from None
        named = self._allowed.names(host)
        addresses: list[str] = []
        for text in found:
            address = ipaddress.ip_address(text)
            is_allowed = named or self._allowed.holds(address)
            if target.scheme == "http" and not is_allowed:
                raise OutsideRefused("scheme")
            if is_allowed or is_public(address):
                addresses.append(str(address))
        if not addresses:
            raise OutsideRefused("address") if found else OutsideFailed("unresolved")
        return addresses

    @staticmethod
    async def _first(addresses: Sequence[str], request: "httpx.Request", trusted: ssl.SSLContext) -> Fetched:
        """The answer of the first address that takes the connection; nothing was sent to one that does not."""
        import httpx

        for address in addresses:
            request.url = request.url.copy_with(host=address)
            async with httpx.AsyncHTTPTransport(verify=trusted, trust_env=False) as transport:
                try:
                    response = await transport.handle_async_request(request)
                except (httpx.ConnectError, httpx.ConnectTimeout) as error:
                    if _is_of_tls(error):
                        raise OutsideFailed("certificate") from None
                    continue
                return await _whole(response)
        raise OutsideFailed("unreachable")


def _parsed(url: str) -> "httpx.URL":
    """The address, by the one parser that the request itself is made with."""
    import httpx

    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, TypeError, ValueError):
        raise OutsideRefused("url") from None
    if target.scheme not in ("https", "http"):
        raise OutsideRefused("scheme")
    if target.userinfo:
        raise OutsideRefused("userinfo")
    is_plain = url.isprintable() and not any(character in url for character in " \\")
    if not target.raw_host or not is_plain or not 0 < _port(target) <= 65_535:
        raise OutsideRefused("url")
    return target


def _port(target: "httpx.URL") -> int:
    """The one that is written, else the scheme's own."""
    return target.port if target.port is not None else {"https": 443, "http": 80}[target.scheme]


def _request(method: str, target: "httpx.URL", headers: Sequence[tuple[str, str]], body: bytes) -> "httpx.Request":
    """The request as it goes out, but for the address that will stand in the place of the name."""
    import httpx

    own = {"user-agent": USER_AGENT, "accept": "*/*", "accept-encoding": "identity", "connection": "close"}
    try:
        request = httpx.Request(method, target, headers=own, content=body)
        for name, value in headers:
            request.headers[name] = value
    except (UnicodeError, TypeError):
        raise OutsideRefused("headers") from None
    request.headers["host"] = target.netloc.decode("ascii")
    # The certificate is checked against the name, wherever the connection goes.
    request.extensions = {"sni_hostname": target.raw_host.decode("ascii")}
    return request


async def _whole(response: "httpx.Response") -> Fetched:
    """The answer with its body as it was sent: nothing is unpacked, so that nothing small becomes large."""
    try:
        if response.headers.get("content-encoding", "identity").lower() != "identity":
            raise OutsideFailed("encoded")
        body = bytearray()
        async for part in response.aiter_raw():
            body += part
            if len(body) > LONGEST:
                raise OutsideFailed("too_long")
    finally:
        await response.aclose()
    return Fetched(response.status_code, dict(response.headers), bytes(body))


def _is_of_tls(error: BaseException) -> bool:
    """Whether TLS was refused, by us or by the other side."""
    cause = error.__cause__ or error.__context__
    return isinstance(error, ssl.SSLError) or (cause is not None and _is_of_tls(cause))
