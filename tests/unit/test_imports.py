"""What imports nothing of the bridge. The contracts in setup.cfg name packages: a new one must not slip past them."""

from __future__ import annotations

import grimp
import pytest


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph("app", cache_dir=None)


@pytest.mark.parametrize("package", ["app.domain", "app.sandbox"])
def test_a_package_that_stands_alone_imports_only_itself(graph: grimp.ImportGraph, package: str) -> None:
    own = {package} | graph.find_descendants(package)
    imported = {name for module in own for name in graph.find_modules_directly_imported_by(module)}

    assert len(own) > 1
    assert {name for name in imported if name.startswith("app")} <= own
