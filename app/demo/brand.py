"""The brand of the demo: its stores, their warehouses, and where goods of each grade lie.

The configuration that the bridge is given is written from this (see `config`); the script takes the places
from here as they stand, so that it need not know by which rule the bridge finds them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Place:
    """A location of BlueCherry, and the lot in it ("" where the site keeps none)."""

    location: str
    lot: str = ""


@dataclass(frozen=True, slots=True)
class Site:
    """A warehouse. `places` has the place of every grade that any of its stores knows; all else goes to quarantine.

    `own` names the grades whose place is the site's own setting and not the store's. Without a `feed` it sends no
    messages.
    """

    name: str
    reveni_location: str
    home: Place
    quarantine: Place
    places: Mapping[str, Place]
    own: frozenset[str] = frozenset()
    feed: bool = True

    def place(self, grade: str) -> Place:
        """Where goods of a grade belong."""
        return self.places.get(grade, self.quarantine)

    @property
    def secret_env(self) -> str:
        """The environment variable with the secret of its feed."""
        return f"WAREHOUSE_SECRET_{self.name.upper()}"


@dataclass(frozen=True, slots=True)
class Store:
    """A store in Reveni. `rates` are (tax code, rate) by the kind of goods; `grades` what goods may be graded as."""

    name: str
    reveni_id: str
    currency: str
    time_zone: str
    division: str
    sites: tuple[Site, ...]
    rates: Mapping[str, tuple[str, str]]
    grades: tuple[str, ...]
    memo_posting: str
    share: int
    judge: str = "reveni"
    freight: str = "never"
    fees: str = "beside"
    destination_named: bool = True
    reasons: Mapping[str, str] = field(
        default_factory=lambda: {
            "too_small": "SZ",
            "too_big": "SZ",
            "not_as_expected": "NA",
            "changed_my_mind": "CM",
            "colour": "CV",
            "defect": "DA",
            "wrong_product": "WG",
        }
    )

    @property
    def site(self) -> Site:
        """The warehouse that its returns are sent to."""
        return self.sites[0]

    @property
    def key_env(self) -> str:
        """The environment variable with its key in Reveni."""
        return f"REVENI_KEY_{self.name.upper()}"


MADRID = Site(
    "madrid",
    "loc-madrid",
    Place("MAD01"),
    Place("MADQ"),
    {"A": Place("MAD01"), "B": Place("OUTLET"), "damaged": Place("MADD"), "rejected": Place("MADR")},
    own=frozenset({"damaged", "rejected"}),
)
VALENCIA = Site(
    "valencia",
    "loc-valencia",
    Place("VLC01"),
    Place("VLCQ", "HOLD"),
    {"A": Place("VLC01"), "B": Place("OUTLET"), "damaged": Place("VLCD"), "rejected": Place("VLCR", "BACK")},
    own=frozenset({"damaged", "rejected"}),
)
SEVILLA = Site(
    "sevilla",
    "loc-sevilla",
    Place("SVQ01"),
    Place("SVQQ"),
    {"A": Place("SVQ01"), "B": Place("OUTLET"), "damaged": Place("SVQD"), "rejected": Place("SVQR")},
    own=frozenset({"damaged", "rejected"}),
    feed=False,
)
LONDON = Site(
    "london",
    "loc-london",
    Place("LON01", "R1"),
    Place("LON09", "Q"),
    {
        "A": Place("LON01", "R1"),
        "B": Place("LON01", "R2"),
        "damaged": Place("LON09", "D"),
        "rejected": Place("LON09", "X"),
    },
    own=frozenset({"B", "damaged", "rejected"}),
)
LYON = Site(
    "lyon",
    "loc-lyon",
    Place("LYO01"),
    Place("LYOQ"),
    {"A": Place("LYO01"), "B": Place("LYO02"), "rejected": Place("LYOR")},
)
PORTO = Site(
    "porto",
    "loc-porto",
    Place("POR01"),
    Place("PORQ"),
    {"accepted": Place("POR01"), "rejected": Place("PORR")},
    feed=False,
)

ES = Store(
    "es",
    "1001",
    "EUR",
    "Europe/Madrid",
    "010",
    (MADRID, VALENCIA, SEVILLA),
    {"adult": ("IVA21", "0.21"), "kids": ("IVA10", "0.10")},
    ("A", "B", "damaged", "rejected"),
    memo_posting="every 10s",
    share=45,
)
UK = Store(
    "uk",
    "1002",
    "GBP",
    "Europe/London",
    "020",
    (LONDON,),
    {"adult": ("VAT20", "0.20"), "kids": ("VAT0", "0")},
    ("A", "B", "damaged", "rejected"),
    memo_posting="at_once",
    share=30,
    freight="all_back",
)
FR = Store(
    "fr",
    "1003",
    "EUR",
    "Europe/Paris",
    "010",
    (LYON,),
    {"adult": ("TVA20", "0.20"), "kids": ("TVA20", "0.20")},
    ("A", "B", "rejected"),
    memo_posting="at_once",
    share=15,
    judge="warehouse",
    fees="on_memo",
)
PT = Store(
    "pt",
    "1004",
    "EUR",
    "Europe/Lisbon",
    "010",
    (PORTO,),
    {"adult": ("IVA23", "0.23"), "kids": ("IVA6", "0.06")},
    ("accepted", "rejected"),
    memo_posting="at_once",
    share=10,
    destination_named=False,
)

STORES = (ES, UK, FR, PT)
FED = ("es", "uk")
"""Stores whose warehouse reports and where Reveni judges: the usual case."""
STATION = SEVILLA
"""The site whose goods are received by hand, at the console's receiving station."""


def store_of(name: str) -> Store:
    """The store of a name. Raises KeyError when the brand has none."""
    return {store.name: store for store in STORES}[name]


def site_of(name: str) -> Site:
    """The site of a name. Raises KeyError when the brand has none."""
    return {site.name: site for store in STORES for site in store.sites}[name]


def locations() -> list[str]:
    """Every location that a site uses, the saleable ones first."""
    found: dict[str, None] = {store.site.home.location: None for store in STORES}
    for store in STORES:
        for site in store.sites:
            for place in (site.home, *site.places.values(), site.quarantine):
                found.setdefault(place.location)
    return list(found)
