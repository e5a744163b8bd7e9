"""Telephone numbers that ring nobody: only from the blocks that regulators set aside for fiction and examples."""

from typing import Final

_NANP_US: Final = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 "
    "254 256 260 262 267 269 270 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 330 334 "
    "336 337 339 347 351 352 360 361 386 401 402 404 405 406 407 408 409 410 412 413 414 415 417 419 423 425 432 434 440"
)
_NANP_CA: Final = "204 250 403 416 418 450 506 514 519 604 613 647 705 709 778 780 807 819 902 905"

# By country: prefixes, and how many digits follow each.
_BLOCKS: Final = {
    # NANPA: 555-0100 to 555-0199 of every area code.
    "US": (tuple(f"+1{area}55501" for area in _NANP_US.split()), 2),
    "CA": (tuple(f"+1{area}55501" for area in _NANP_CA.split()), 2),
    # Ofcom, numbers for drama: London, ten more cities and Cardiff.
    "GB": (
        (
            *(f"+44{area}4960" for area in (113, 114, 116, 117, 118, 121, 131, 141, 151, 161)),
            "+442079460",
            "+441914980",
            "+442920180",
        ),
        3,
    ),
    # ARCEP, decision 2018-0881: five fixed blocks.
    "FR": (("+3319900", "+3326191", "+3335301", "+3346571", "+3353649"), 4),
    # Bundesnetzagentur: Berlin, Hamburg, Cologne, Munich and Frankfurt.
    "DE": (("+493023125", "+494066969", "+492214710", "+498999998", "+496990009"), 3),
    # ACMA: 5550 and 7010 in each of the four regions.
    "AU": (tuple(f"+61{region}{block}" for region in "2378" for block in ("5550", "7010")), 4),
    # PTS: Stockholm, Gothenburg, Malmö.
    "SE": (("+468465004", "+463139006", "+464062804"), 2),
}
_STRIDE: Final = 7919


class FictionalNumbers:
    """Gives out each number once, in E.164; a country without such blocks, or whose blocks are used up, has none."""

    def __init__(self) -> None:
        self._given = dict.fromkeys(_BLOCKS, 0)

    def take(self, country: str) -> str | None:
        given = self._given.get(country)
        if given is None:
            return None
        prefixes, digits = _BLOCKS[country]
        size = len(prefixes) * 10**digits
        if given >= size:
            return None
        self._given[country] = given + 1
        # A prime that divides no block's size visits every number once, out of order.
        prefix, line = divmod(given * _STRIDE % size, 10**digits)
        return f"{prefixes[prefix]}{line:0{digits}}"
