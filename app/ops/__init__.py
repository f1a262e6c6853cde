"""What an operator needs beside the work itself: logs, alerts."""
