"""A code that nobody mapped, mapped where its exception stands: one key of the mapping, by the way of every edit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from app.config import Config
from app.config.overlay import OverlayError, merged
from app.domain.blockers import Code
from app.domain.saying import say
from app.services import mapping_edits
from app.services.exceptions.remedies import NotPossible
from app.toml_schema import Table

OF_ITEM = "item:"
"""What stands before a status in a cause where it is an item's."""


def map_code(config: Config, code: str, cause: str, value: str, by: str, now: datetime) -> int:
    """Map what an exception is about, for all of its cause; the number of the edit.

    `value` by code: `unmapped_reason`, BlueCherry's reason code; `unmapped_grade`, a location, or nothing for that of
    the site; `unmapped_site`, the site that takes Reveni's destination; `unknown_status`, what the status means.
    `config` without any overlay. What is mapped so already makes no other edit. Raises NotPossible, which says what is
    wrong.
    """
    store, _, name = cause.partition(":")
    if store not in config.stores:
        raise NotPossible(say("There is no store %(store)s in the configuration.", store=store))
    number, overlay = mapping_edits.newest_overlay()
    try:
        wanted = merged(overlay, _key(config, overlay, Code(code), store, name, value.strip()))
        if wanted == overlay:
            return number
        return mapping_edits.save(config, wanted, number, by, now, f"{code} {name}")
    except OverlayError as error:
        raise NotPossible(error.problems[0].said) from None
    except mapping_edits.Overtaken:
        raise NotPossible(say("Somebody else edited the mapping meanwhile. Look at theirs, and edit again.")) from None


def may_mean_credit(config: Config, code: str, cause: str) -> bool:
    """Whether mapping a cause may credit goods, whatever it is mapped to: `money_keys`, told before there is a value.

    A grade that is added accepts, where the warehouse judges by it; a status accepts, cancels, or lets go what it held.
    """
    store = config.stores.get(cause.partition(":")[0])
    if store is None:
        return False
    return code == Code.UNKNOWN_STATUS or (code == Code.UNMAPPED_GRADE and store.rules.judge == "warehouse")


def _key(config: Config, overlay: Table, code: Code, store: str, name: str, value: str) -> Table:
    """The key as an overlay: the file's own words."""
    match code:
        case Code.UNMAPPED_REASON:
            return {"stores": {store: {"reasons": {name: value}}}}
        case Code.UNKNOWN_STATUS:
            of_item = name.startswith(OF_ITEM)
            table = "item_statuses" if of_item else "statuses"
            return {"stores": {store: {table: {name.removeprefix(OF_ITEM): value}}}}
        case Code.UNMAPPED_GRADE:
            return {"stores": {store: {"grades": {name: {"location": value} if value else {}}}}}
        case Code.UNMAPPED_SITE:
            return _site(config, overlay, store, name, value)
        case _:
            raise NotPossible(say("%(code)s is about no code of the mapping.", code=code))


def _site(config: Config, overlay: Table, store: str, name: str, site: str) -> Table:
    known = mapping_edits.current_rules({store: config.stores[store].rules})[store].sites
    if name in config.sites:
        raise NotPossible(
            say(
                "Which store has which site is the file's alone: add %(site)s to the sites of %(store)s there.",
                site=name,
                store=store,
            )
        )
    if site not in known:
        raise NotPossible(say("Store %(store)s has no site %(site)s.", store=store, site=site))
    if not name:
        return {"stores": {store: {"default_site": site}}}
    ids: Sequence[str] = sorted({*known[site].reveni_location_ids, name})
    return {"sites": {site: {"reveni_location_ids": list(ids)}}}
