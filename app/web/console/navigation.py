"""Where people go in the console: the entries of its menu, in their order."""

from __future__ import annotations

from dataclasses import dataclass

from app.permissions import Permission
from app.web.console.language import N_


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the menu. `section` is the page's own, which marks the entry on every page below it."""

    endpoint: str
    label: str
    section: str
    permission: Permission


ENTRIES = (
    Entry("console.today", N_("Today"), "today", Permission.READ_FIGURES),
    Entry("console.exceptions", N_("Exceptions"), "exceptions", Permission.READ_EXCEPTIONS),
    Entry("console.returns", N_("Returns"), "returns", Permission.READ_RETURNS),
    Entry("console.windows", N_("Windows"), "windows", Permission.READ_FIGURES),
    Entry("console.approvals_list", N_("Approvals"), "approvals", Permission.READ_EXCEPTIONS),
    Entry("console.stations", N_("Receiving"), "station", Permission.RECEIVE_GOODS),
    Entry("console.checklists", N_("Checklists"), "checklists", Permission.READ_EXCEPTIONS),
    Entry("console.mappings", N_("Mappings"), "mappings", Permission.READ_MAPPINGS),
    Entry("console.people", N_("People"), "people", Permission.MANAGE_PEOPLE),
    Entry("console.handbook_index", N_("Handbook"), "handbook", Permission.READ_EXCEPTIONS),
)
