"""Which tenant, dialect and public address a request stands for. Only settings decide; a Host header merely chooses among them."""

from collections.abc import Mapping, Sequence
from typing import Final

from muster.dialects.kit.call import Site

DIALECTS: Final = ("auth0", "clerk", "monocloud", "mattr", "netwrix")


class UnknownSite(Exception):
    """A `hosts` entry names a tenant or dialect that does not exist."""


def default_public_url(tls_port: int) -> str:
    """Where clients on this machine reach the server."""
    return f"https://127.0.0.1:{tls_port}/"


class Sites:
    """The bound host names, and the site of every other host."""

    def __init__(self, bound: Mapping[bytes, Site], default: Site) -> None:
        self._bound = dict(bound)
        self.default = default

    @classmethod
    def parse(cls, hosts: Sequence[str], tenants: Mapping[str, int], default: Site) -> "Sites":
        """From entries such as `users.example.com=acme/auth0`; the public address of a bound host is its own name."""
        bound = {}
        for entry in hosts:
            host, _, rest = entry.partition("=")
            tenant, _, dialect = rest.partition("/")
            if tenant not in tenants:
                raise UnknownSite(f"hosts: there is no tenant {tenant}; make it with: muster tenant create {tenant}")
            if dialect and dialect not in DIALECTS:
                raise UnknownSite(f"hosts: {dialect} is no dialect; there are: {', '.join(DIALECTS)}")
            bound[host.lower().encode()] = Site(tenants[tenant], f"https://{host}/", dialect or None)
        return cls(bound, default)

    def find(self, headers: Sequence[tuple[bytes, bytes]]) -> Site:
        """The site that a request is for."""
        if self._bound:
            for name, value in headers:
                if name == b"host":
                    return self._bound.get(value.lower(), self.default)
        return self.default

    def home(self, tenant_id: int) -> Site:
        """Where a tenant's people go: at the default address, else at the first host that is bound to it, whole if there is such
        a one; a tenant without a host has the default address, where it is not found.
        """
        own = [site for site in self.all() if site.tenant_id == tenant_id]
        whole = (site for site in own if site.dialect is None)
        return next(whole, own[0] if own else Site(tenant_id, self.default.public_url))

    def all(self) -> list[Site]:
        """Every site, the default one first."""
        return [self.default, *self._bound.values()]
