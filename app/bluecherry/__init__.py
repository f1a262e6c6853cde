"""BlueCherry, as the bridge talks to it: the gateway interface, the client of its API, an installation's profile."""
