from __future__ import annotations

from tests.cli.conftest import Cli

URL = "https://crm.example.com/muster?key=1"


def test_a_webhook_is_added_listed_replayed_and_removed(muster: Cli) -> None:
    made = muster("webhook", "add", URL, "--kind", "user.*", "--kind", "session.started", "--json").json
    id_, secret = made["id"], made["secret"]
    assert made == {"id": id_, "url": URL, "kinds": ["user.*", "session.started"], "secret": secret}
    assert secret.startswith("whsec_")

    [listed] = [each for each in muster("webhook", "list", "--json").json if each["id"] == id_]
    assert listed == {
        "id": id_,
        "url": URL,
        "description": "",
        "kinds": ["user.*", "session.started"],
        "state": "good",
        "late": 0,
        "created_at": listed["created_at"],
    }
    assert secret not in muster("webhook", "list").out

    assert muster("webhook", "replay", id_, "--since", "2026-11-20T08:00").out == f"replaying to {id_}\n"
    assert muster("webhook", "enable", id_).out == f"enabled {id_}\n"
    assert muster("webhook", "remove", id_).out == f"removed {id_}\n"
    assert id_ not in muster("webhook", "list", "--json").out
    again = muster("webhook", "remove", id_)
    assert (again.code, again.err) == (1, "muster: there is no such webhook\n")


def test_what_can_be_no_webhook_is_refused_in_words(muster: Cli) -> None:
    for url in ("ftp://example.com", "https://user:secret@example.com/", "example.com", "https://", "https://a b"):
        refused = muster("webhook", "add", url)
        assert (refused.code, "looks like https://" in refused.err, "secret" in refused.err) == (1, True, False)
    refused = muster("webhook", "add", URL, "--kind", "user.exploded")
    assert (refused.code, "docs/events.md" in refused.err) == (1, True)
    made = muster("webhook", "add", URL, "--json").json
    refused = muster("webhook", "replay", made["id"], "--since", "2026-11-20", "--until", "2026-11-19")
    assert (refused.code, refused.err) == (1, "muster: --since must be before --until\n")
