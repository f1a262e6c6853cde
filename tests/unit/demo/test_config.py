"""The configuration that the demo writes: accepted by the bridge, with the places that the script counts on."""

from __future__ import annotations

from pathlib import Path

from app.config import load_config
from app.demo.brand import STORES
from app.demo.config import make_secrets, write_config


def test_the_bridge_takes_it_and_puts_every_grade_where_the_script_does(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    write_config(path, "http://127.0.0.1:9100", "http://127.0.0.1:9200")
    config = load_config(path, make_secrets())
    assert config.warnings == ()
    for store in STORES:
        rules = config.stores[store.name].rules
        for site in store.sites:
            for grade in store.grades:
                place = rules.place(rules.sites[site.name], grade)
                assert place is not None
                assert (place.location, place.lot or "") == (site.place(grade).location, site.place(grade).lot)


def test_no_secret_is_written_into_it(tmp_path: Path) -> None:
    path = tmp_path / "bridge.toml"
    write_config(path, "http://127.0.0.1:9100", "http://127.0.0.1:9200")
    assert not [secret for secret in make_secrets().values() if secret in path.read_text()]
