"""Codes that came in returns and receipts, and those of them that a mapping does not know."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import text

from app.db.engine import reading
from app.domain.mapping_keys import key_of
from app.domain.policy import ItemStatus, Phase, StoreRules
from app.toml_schema import Problem


class Code(StrEnum):
    """What kind of code it is."""

    REASON = "reason"
    STATUS = "status"
    ITEM_STATUS = "item_status"
    DESTINATION = "destination"
    GRADE = "grade"
    SITE = "site"


@dataclass(frozen=True, slots=True)
class SeenCode:
    """A code that came in `returns` returns of a store. A destination may be None: Reveni named none."""

    store: str
    kind: Code
    code: str | None
    returns: int


_SEEN = text("""
with item as (
    select pk, store, jsonb_array_elements(data->'items') as it from returns
), line as (
    select return_pk, store, jsonb_array_elements(data->'lines') as it from receipts where return_pk is not null
)
select store, 'reason', it->>'reason', count(distinct pk) from item group by 1, 3
union all select store, 'item_status', it->>'status', count(distinct pk) from item group by 1, 3
union all select store, 'status', status, count(*) from returns group by 1, 3
union all select store, 'destination', data->>'location_id', count(*) from returns group by 1, 3
union all select store, 'grade', it->>'grade', count(distinct return_pk) from line group by 1, 3
union all select store, 'site', site, count(distinct return_pk) from receipts where return_pk is not null group by 1, 3
order by 1, 2, 3
""")


def codes_seen() -> list[SeenCode]:
    """Every code of a return or receipt in the database, with the number of returns that it came in."""
    with reading() as session:
        return [SeenCode(store, Code(kind), code, count) for store, kind, code, count in session.execute(_SEEN)]


def unmapped(seen: Iterable[SeenCode], stores: Mapping[str, StoreRules], file: str) -> Iterator[Problem]:
    """The codes that mappings do not know, each with the place to add it."""
    for each in seen:
        rules = stores.get(each.store)
        if rules is not None and not _known(each, rules):
            key, remedy = _place(each, rules)
            how_often = f"came in {each.returns} return{'s' if each.returns != 1 else ''} and is not mapped"
            what = f"{each.kind.value.replace('_', ' ')} {each.code!r}" if each.code else "no destination"
            yield Problem(file, key, f"{what} {how_often}", remedy)


def _known(each: SeenCode, rules: StoreRules) -> bool:
    code = each.code or ""
    match each.kind:
        case Code.REASON:
            return code in rules.reasons
        case Code.STATUS:
            return rules.phase_of(code) is not Phase.UNKNOWN
        case Code.ITEM_STATUS:
            return rules.item_status_of(code) is not ItemStatus.UNKNOWN
        case Code.DESTINATION:
            return rules.site_of_destination(each.code) is not None
        case Code.GRADE:
            return code in rules.grades
        case Code.SITE:
            return code in rules.sites


def _place(each: SeenCode, rules: StoreRules) -> tuple[str, str]:
    match each.kind:
        case Code.REASON:
            return key_of("stores", each.store, "reasons", each.code), "Add it with BlueCherry's code for it."
        case Code.STATUS:
            return key_of("stores", each.store, "statuses", each.code), "Add it with what it means."
        case Code.ITEM_STATUS:
            return key_of("stores", each.store, "item_statuses", each.code), "Add it with what it means."
        case Code.DESTINATION if each.code is None:
            return key_of("stores", each.store, "default_site"), "Name the site that such returns go to."
        case Code.DESTINATION:
            sites = [key_of("sites", site, "reveni_location_ids") for site in rules.sites]
            return " or ".join(sites), "Add it to one of them."
        case Code.GRADE:
            return key_of("stores", each.store, "grades", each.code), "Add it as a table, with a location or without."
        case Code.SITE:
            return key_of("stores", each.store, "sites"), "Add the site to the list."
