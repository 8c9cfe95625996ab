"""The daily log as files: a CSV file a home and month that we add to, beside spreadsheets that staff keep."""

from connectors.daily_log_files.store import DailyLogFiles, connect

__all__ = ["DailyLogFiles", "connect"]
