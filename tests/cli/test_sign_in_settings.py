from __future__ import annotations

from tests.cli.conftest import Cli


def test_settings_are_shown_changed_and_back_again(muster: Cli) -> None:
    before = muster("settings", "show", "--json").json
    assert (before["rules"]["second_factor"], before["branding"]["colour"]) == ("optional", "")
    assert "vendor" not in before
    changes = ('branding.name="Acme"', "branding.colour=#0a7d5c", "session.lifetime=null", "sign_up.enabled=false")
    changed = muster("settings", "set", *changes, "--json").json
    assert changed["branding"] == {**before["branding"], "name": "Acme", "colour": "#0a7d5c"}
    assert (changed["session"]["lifetime"], changed["sign_up"]["enabled"]) == (None, False)
    assert {name: changed[name] for name in ("rules", "password")} == {
        name: before[name] for name in ("rules", "password")
    }
    shown = muster("settings", "show").out
    assert "branding.colour" in shown
    assert '"#0a7d5c"' in shown
    back = (
        "branding.name=",
        "branding.colour=",
        f"session.lifetime={before['session']['lifetime']}",
        "sign_up.enabled=true",
    )
    assert muster("settings", "set", *back, "--json").json == before


def test_what_cannot_be_meant_changes_nothing(muster: Cli) -> None:
    before = muster("settings", "show", "--json").json
    for wrong, why in (
        ("branding.color=#0a7d5c", "There is no setting branding.color. Did you mean branding.colour?"),
        ("branding.colour=green", "branding.colour: must look like #0a7d5c."),
        ("branding.logo=http://example.com/", "branding.logo: must be an https address."),
        ("rules.second_factor=sometimes", "rules.second_factor: Invalid enum value 'sometimes'."),
        ("session.idle=-1", "session.idle: must not be negative."),
        ("sign_up.enabled=maybe", "sign_up.enabled: Expected `bool`, got `str`."),
        ("version=7", "There is no setting version."),
        ("rules", "rules is no NAME=VALUE."),
    ):
        refused = muster("settings", "set", "branding.name=Never", wrong)
        assert (refused.code, why in refused.err) == (2, True), refused.err
    refused = muster("settings", "set", "email.sign_in=false", "phone.sign_in=false", "username.sign_in=false")
    assert (refused.code, "nobody could sign in" in refused.err) == (2, True)
    assert muster("settings", "show", "--json").json == before
