"""The few pages that the OpenID provider shows by itself, made as all others are: `muster.oidc.services.Pages`."""

from collections.abc import Sequence
from typing import Any

from muster.dialects.kit.call import Call
from muster.dialects.kit.reply import Header, Reply
from muster.signin.pages import Place, page, visit


class ProviderPages:
    """What the provider promises itself of whoever makes its pages."""

    async def enter(self, call: Call) -> None:
        """Read how the tenant looks."""
        await visit(call)

    def show(
        self,
        call: Call,
        template: str,
        *,
        status: int = 200,
        headers: Sequence[Header] = (),
        locales: Sequence[str] = (),
        leads_to: Sequence[str] = (),
        **values: Any,
    ) -> Reply:
        """A page; it stands nowhere, since what led to it is not to be asked for twice."""
        place = Place(here=None, locales=locales, leads_to=leads_to)
        return page(call, template, status=status, headers=headers, place=place, **values)
