"""Mappings over HTTP: which versions there were, and what each says."""

from __future__ import annotations

from http import HTTPStatus

from app.config import Config
from app.domain.policy import StoreRules
from app.permissions import Permission
from app.services.facts import mappings
from app.services.facts.mappings import MappingView, NoSuchMapping
from app.services.mapping_edits import current
from app.web.api.routes import Call, Taken
from app.web.api.schemas import MappingList, MappingQuery, MappingsOfVersion
from app.web.errors import Refusal


def mapping_calls(config: Config) -> list[Call]:
    """The calls about mappings; those of the configuration are in force, with the edits above them."""

    def in_force() -> dict[str, StoreRules]:
        return {name: store.rules for name, store in current(config).stores.items()}

    def list_mappings(query: Taken) -> dict[str, list[MappingView]]:
        """Versions of the stores' mappings that were used or are in force."""
        return {"mappings": mappings.list_mappings(in_force(), query["store"])}

    def get_mapping(version: str) -> dict[str, list[MappingView]]:
        """What a version says: sites, grades, reasons, statuses, posting, policy."""
        try:
            return {"mappings": mappings.mappings_of_version(version, in_force())}
        except NoSuchMapping as error:
            raise Refusal(HTTPStatus.NOT_FOUND, str(error)) from None

    return [
        Call("GET", "/mappings", Permission.READ_MAPPINGS, list_mappings, MappingList, query=MappingQuery),
        Call("GET", "/mappings/<version>", Permission.READ_MAPPINGS, get_mapping, MappingsOfVersion),
    ]
