"""The links of this vendor's mails lead to the hosted pages, on this server and nowhere else."""

from tests.dialects.monocloud.service import ON_ONE_ENGINE, PUBLIC_URL, MonoCloud


@ON_ONE_ENGINE
async def test_links_lead_to_the_pages(monocloud: MonoCloud) -> None:
    async with monocloud.client() as client:
        for path, page in (
            ("ui/passwordReset/verify", "sign-in/reset"),
            ("ui/emailVerification/verify", "sign-in/verify"),
        ):
            for state, ticket in (("abc123", "abc123"), ("a%26b=%0d%0ac//%22", "a%26b%3D%0D%0Ac%2F%2F%22"), ("", "")):
                answer = await client.get(f"{PUBLIC_URL}{path}?state={state}", headers={"host": "evil.example"})
                assert answer.status_code == 303
                assert answer.headers["location"] == f"{PUBLIC_URL}{page}?ticket={ticket}"
