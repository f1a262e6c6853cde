"""What the rules work on: orders, items, periods and everything known of a return, as far as it is known here."""
