"""BlueCherry to run at home: the calls of the default profile, and the rules that BlueCherry enforces."""
