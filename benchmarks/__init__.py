"""Measurements that a machine's speed decides, and that no test asserts. Run by `make bench`."""
