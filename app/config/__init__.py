"""The configuration: one TOML file for stores, sites and mappings, and secrets from the environment.

`docs/configuration.md` documents every key. Nothing outside this package reads the file.
"""

from app.config.alerts import AlertChannel, Alerts
from app.config.loader import ConfigError, load_config, load_mappings
from app.config.model import Config, Mappings, Retry, Store, Sweep, Targets, WarehouseSite
from app.toml_schema import Problem

__all__ = [
    "AlertChannel",
    "Alerts",
    "Config",
    "ConfigError",
    "Mappings",
    "Problem",
    "Retry",
    "Store",
    "Sweep",
    "Targets",
    "WarehouseSite",
    "load_config",
    "load_mappings",
]
