"""Draws demo people. One seed gives one sequence, byte for byte, on every machine and Python version.

Only `Random.random` and `Random.getrandbits` are drawn from, which Python keeps stable, and no floating-point function
that a C library may round its own way. Every choice is a table of 1,024 entries and ten random bits.
"""

import random
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, NamedTuple, TypeVar

import msgspec

from muster.demo.hashes import ARGON2ID, BCRYPT
from muster.demo.names import NAMES, FullName, every_full_name
from muster.demo.phones import FictionalNumbers
from muster.demo.places import COUNTRIES, City, Country

_T = TypeVar("_T")

_BITS: Final = 10
_TABLE: Final = 1 << _BITS
_PROGRESS_EVERY: Final = 1000


def people(n: int, seed: int) -> Iterator[dict[str, Any]]:
    """The first `n` people of a seed, as records of Auth0's bulk import (about 1.6 KB of JSON each).

    E-mail addresses, usernames and telephone numbers are each unique within a sequence; two seeds may share some.
    Countries with reserved telephone numbers run out of them at about 150,000 people with one.
    """
    # Reproducible is what matters here; nothing secret is drawn.
    rng = random.Random(seed)  # noqa: S311
    numbers = FictionalNumbers()
    for index in range(n):
        yield _person(index, rng, numbers)


def write_import_file(
    path: Path,
    n: int,
    seed: int,
    *,
    form: Literal["ndjson", "json"] = "ndjson",
    progress: Callable[[int], None] | None = None,
) -> None:
    """Write people as one object per line (`ndjson`), or as the one array that Auth0's own import takes (`json`).

    The file appears under its name when it is complete. `progress` is told the number written so far, every 1,000.
    """
    before, between, after = (b"", b"\n", b"\n") if form == "ndjson" else (b"[\n", b",\n", b"\n]\n")
    encode = msgspec.json.Encoder().encode
    draft = path.with_name(f"{path.name}.part")
    try:
        with draft.open("wb") as file:
            file.write(before)
            for count, person in enumerate(people(n, seed), 1):
                if count > 1:
                    file.write(between)
                file.write(encode(person))
                if progress is not None and (count % _PROGRESS_EVERY == 0 or count == n):
                    progress(count)
            file.write(after if n or form == "json" else b"")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)


# ---- tables


def _skewed(*values: _T) -> tuple[_T, ...]:
    """A table in which the k-th value occurs 1/k as often as the first, as plans, employers and countries do."""
    total = sum(1 / rank for rank in range(1, len(values) + 1))
    counts = [int(_TABLE / rank / total) for rank in range(1, len(values) + 1)]
    counts[0] += _TABLE - sum(counts)
    return tuple(value for value, count in zip(values, counts, strict=True) for _ in range(count))


def _even(*values: _T) -> tuple[_T, ...]:
    return tuple(values[place % len(values)] for place in range(_TABLE))


def _share(percent: float) -> int:
    """Ten random bits are below this in so many per cent of draws."""
    return round(_TABLE * percent / 100)


class _Place(NamedTuple):
    country: Country
    city: City
    names: Sequence[FullName]


class _Company(NamedTuple):
    name: str
    domain: str
    industry: str


class _Plan(NamedTuple):
    name: str
    seats: tuple[int, ...]
    value: int
    trial: bool


@cache
def _places() -> tuple[_Place, ...]:
    full_names = {language: every_full_name(names) for language, names in NAMES.items()}
    by_country = _skewed(*COUNTRIES)
    return tuple(
        _Place(country, country.cities[place % len(country.cities)], full_names[country.language])
        for place, country in enumerate(by_country)
    )


_COMPANIES: Final = _skewed(
    *(
        _Company(name, f"{domain}.example.com", industry)
        for name, domain, industry in (
            ("Blue Harbour Logistics", "blueharbour", "transport"),
            ("Lindenhof Versicherung", "lindenhof", "insurance"),
            ("Quarry & Sons", "quarry", "construction"),
            ("Nordlys Energi", "nordlys", "energy"),
            ("Tres Ríos Alimentos", "tresrios", "food"),
            ("Maison Verdier", "verdier", "retail"),
            ("桜井電機", "sakurai", "electronics"),
            ("Copperfield Health", "copperfield", "health"),
            ("Granit Banque", "granit", "banking"),
            ("Ostrava Strojírny", "ostrava-strojirny", "manufacturing"),
            ("Paper Lantern Books", "paperlantern", "publishing"),
            ("Σταθμός Ναυτιλία", "stathmos", "shipping"),
            ("Amber Field Schools", "amberfield", "education"),
            ("Zielony Dom", "zielonydom", "housing"),
            ("Kestrel Analytics", "kestrel", "software"),
            ("हिमालय चाय", "himalaya-chai", "food"),
        )
    )
)
_PLANS: Final = _skewed(
    _Plan("free", (1,), 0, trial=False),
    _Plan("starter", (1, 2, 3, 5), 400, trial=False),
    _Plan("team", (5, 8, 10, 15, 25), 2_500, trial=False),
    _Plan("trial", (1, 5), 0, trial=True),
    _Plan("business", (25, 40, 50, 100), 20_000, trial=False),
    _Plan("enterprise", (100, 250, 500, 1000), 120_000, trial=False),
)
_JOBS: Final = _skewed(
    ("Software Engineer", "Engineering"),
    ("Account Manager", "Sales"),
    ("Customer Support Agent", "Support"),
    ("Product Manager", "Product"),
    ("Accountant", "Finance"),
    ("Data Analyst", "Engineering"),
    ("Marketing Manager", "Marketing"),
    ("Office Manager", "Operations"),
    ("Head of People", "People"),
    ("Site Reliability Engineer", "Engineering"),
    ("Legal Counsel", "Legal"),
    ("Chief Technology Officer", "Management"),
)
_SOURCES: Final = _skewed("organic", "google", "invitation", "referral", "newsletter", "partner", "conference")
_CAMPAIGNS: Final = _skewed("spring-2025", "launch-week", "webinar-17", "black-friday-2024", "students", "printed-card")
_REFERRERS: Final = _skewed(
    "https://search.example.com/",
    "https://www.example.org/reviews",
    "https://news.example.net/article/204",
    "https://blog.example.com/compare",
)
_THEMES: Final = _skewed("system", "dark", "light", "high-contrast")
_FONT_SIZES: Final = _skewed(14, 16, 12, 18, 22)
_VERSIONS: Final = _skewed("5.4.1", "5.4.0", "5.3.7", "5.3.2", "5.1.0", "4.12.9", "4.9.0", "3.22.4")
_CHANNELS: Final = _skewed("email", "push", "none", "sms")
_TAGS: Final = _skewed(
    "newsletter", "beta", "vip", "churn-risk", "partner", "reseller", "early-adopter", "internal-test"
)
_TAG_COUNTS: Final = _skewed(0, 1, 2, 3)
_INTERESTS: Final = _even("music", "cycling", "cooking", "chess", "photography", "gardening", "football", "travel")
_STAGES: Final = _skewed("customer", "lead", "champion", "dormant")
_FREE_MAIL: Final = _skewed(
    "example.com", "mail.example.com", "example.org", "example.net", "post.example.org", "inbox.example.net"
)
_OTHER_MAIL: Final = _even("alumni.example.org", "old.example.net", "home.example.com")
_LOCAL_PARTS: Final = _even("{0}.{1}{2}", "{1}.{0}{2}", "{0}{2}", "{0}_{1}{2}", "{0}.{1}.{2}", "{0}-{1}{2}")
_AVATARS: Final = _even(*(f"https://images.example.com/people/{number:04}.jpg" for number in range(_TABLE)))
_BIRTHDAYS: Final = _even(*((date(1946, 1, 1) + timedelta(days=22 * day)).isoformat() for day in range(_TABLE)))
# Two a day, and as many more as a trial lasts.
_TRIAL: Final = 28
_DAYS: Final = tuple(
    (datetime(2025, 1, 1, 9, 30, tzinfo=UTC) + timedelta(hours=12 * half, minutes=7 * (half % 60))).strftime(
        "%Y-%m-%dT%H:%M:%SZ"
    )
    for half in range(_TABLE + _TRIAL)
)


# ---- one person


def _person(index: int, rng: random.Random, numbers: FictionalNumbers) -> dict[str, Any]:
    draw, bits = rng.random, rng.getrandbits
    country, city, names = _places()[bits(_BITS)]
    name = names[int(draw() * len(names))]
    company = _COMPANIES[bits(_BITS)]
    employed = bits(_BITS) < _share(72)

    # The index makes every local part unique: names in Latin letters hold no digits.
    local = _LOCAL_PARTS[bits(_BITS)].format(name.given_latin, name.family_latin, index)
    at_work = employed and bits(_BITS) < _share(45)
    record: dict[str, Any] = {
        "email": f"{local}@{company.domain if at_work else _FREE_MAIL[bits(_BITS)]}",
        "email_verified": bits(_BITS) < _share(86),
        "given_name": name.given,
        "family_name": name.family,
        "name": name.full,
    }
    if bits(_BITS) < _share(30):
        record["nickname"] = name.given_latin
    if bits(_BITS) < _share(35):
        # At most 15 characters, as Auth0's connections ask for by default.
        record["username"] = f"{name.given_latin[:8]}{index}"
    if bits(_BITS) < _share(60):
        phone = numbers.take(country.code)
        if phone is not None:
            record["phone_number"] = phone
            record["phone_verified"] = bits(_BITS) < _share(70)
    if bits(_BITS) < _share(40):
        record["picture"] = _AVATARS[bits(_BITS)]
    if bits(_BITS) < _share(1.5):
        record["blocked"] = True

    record["user_metadata"] = _user_metadata(rng, country, city, company if employed else None)
    record["app_metadata"] = _app_metadata(rng, country, company if employed else None)
    others = bits(_BITS)
    if others < _share(30):
        domains = (_OTHER_MAIL[others], _OTHER_MAIL[others + 1])[: 1 if others < _share(22) else 2]
        record["app_metadata"]["other_emails"] = [f"{local}@{domain}" for domain in domains]

    kind = bits(_BITS)
    if kind < _share(70):
        record["password_hash"] = BCRYPT[index % len(BCRYPT)]
    elif kind < _share(95):
        value = ARGON2ID[index % len(ARGON2ID)]
        record["custom_password_hash"] = {"algorithm": "argon2", "hash": {"value": value, "encoding": "utf8"}}
    return record


def _user_metadata(rng: random.Random, country: Country, city: City, company: _Company | None) -> dict[str, Any]:
    """What people say of themselves."""
    draw, bits = rng.random, rng.getrandbits
    postcode = city.postcode % (city.low + int(draw() * city.span))
    street = country.streets[int(draw() * len(country.streets))]
    home = {
        "type": "home",
        "street": country.street.format(number=1 + bits(7), name=street),
        "city": city.name,
        "region": city.region,
        "postcode": postcode,
        "country": country.code,
    }
    interest = bits(_BITS)
    metadata: dict[str, Any] = {
        "locale": country.locale,
        "timezone": city.timezone,
        "country": country.code,
        "city": city.name,
        "postcode": postcode,
        "birthday": _BIRTHDAYS[bits(_BITS)],
        "newsletter": bits(_BITS) < _share(41),
        "theme": _THEMES[bits(_BITS)],
        "font_size": _FONT_SIZES[bits(_BITS)],
        "interests": [_INTERESTS[interest], _INTERESTS[(interest + 3) % _TABLE]],
        "preferences": {
            "currency": country.currency,
            "week_starts": "sunday" if country.code in {"US", "BR", "JP", "IL"} else "monday",
            "notifications": {"channel": _CHANNELS[bits(_BITS)], "digest": bits(_BITS) < _share(25)},
        },
        "addresses": [home],
    }
    if company is not None:
        metadata["company"] = company.name
        metadata["job_title"], metadata["department"] = _JOBS[bits(_BITS)]
        if bits(_BITS) < _share(20):
            metadata["addresses"].append(
                {**home, "type": "work", "street": country.street.format(number=1, name=street)}
            )
    if bits(_BITS) < _share(33):
        metadata["referrer"] = _REFERRERS[bits(_BITS)]
    return metadata


def _app_metadata(rng: random.Random, country: Country, company: _Company | None) -> dict[str, Any]:
    """What the applications keep about people."""
    draw, bits = rng.random, rng.getrandbits
    plan = _PLANS[bits(_BITS)]
    flags = bits(6)
    signed_up = bits(_BITS)
    tags = dict.fromkeys(_TAGS[bits(_BITS)] for _ in range(_TAG_COUNTS[bits(_BITS)]))
    metadata: dict[str, Any] = {
        "plan": plan.name,
        "seats": plan.seats[int(draw() * len(plan.seats))],
        # The product of two draws: most people are worth little, a few a lot.
        "lifetime_value": int(plan.value * 100 * draw() * draw()) / 100,
        "score": bits(_BITS) * 100 // _TABLE,
        "crm_id": f"C-{bits(32):08x}",
        "stage": _STAGES[bits(_BITS)],
        "signup_source": _SOURCES[bits(_BITS)],
        "signed_up_at": _DAYS[signed_up],
        "last_seen_version": _VERSIONS[bits(_BITS)],
        "onboarded": bits(_BITS) < _share(80),
        "sales_region": country.code,
        "tags": list(tags),
        "features": {
            "new_editor": flags & 1 == 1,
            "beta_search": flags & 6 == 0,
            "api_access": plan.value > 1_000,
            "sso": plan.value > 10_000,
            "dark_launch": flags == 0,
        },
    }
    if company is not None:
        metadata["industry"] = company.industry
    if plan.trial:
        metadata["trial_ends"] = _DAYS[signed_up + _TRIAL]
    if bits(_BITS) < _share(28):
        metadata["campaign"] = _CAMPAIGNS[bits(_BITS)]
    return metadata
