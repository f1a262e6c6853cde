"""The system at home: PostgreSQL and Redis out of wheels, and the bridge's processes under one supervisor."""
