"""Puts the handbook into what is built: a wheel shows the same runbooks as the repository.

Named in `pyproject.toml`; setuptools alone copies nothing that lies outside of a package.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from setuptools.command.build_py import build_py

_DOCS = Path(__file__).parent / "docs"


class BuildWithHandbook(build_py):
    """Copies the pages that `app.services.views.handbook` shows."""

    def run(self) -> None:
        """Build as ever, and add the pages; an editable installation reads them where they are."""
        super().run()
        if self.editable_mode:
            return
        place = Path(self.build_lib) / "app" / "handbook"
        # One in `docs` itself, and one in the directory of each other language.
        for model in sorted(_DOCS.rglob("operating-model.md")):
            self._carry(place, [model, *sorted((model.parent / "runbooks").glob("*.md"))])

    def _carry(self, place: Path, pages: Iterable[Path]) -> None:
        for page in pages:
            target = place / page.relative_to(_DOCS)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.copy_file(str(page), str(target))
