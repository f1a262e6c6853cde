"""BlueCherry and Reveni to run at home: two servers that serve the contracts whole, with faults on demand.

They import nothing of the bridge, because they are what the bridge is checked against.
"""
