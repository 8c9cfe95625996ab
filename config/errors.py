"""The one error of this room: a setting that a person has to mend."""

from __future__ import annotations


class ConfigurationError(Exception):
    """A setting or a home's file is wrong. One sentence: which setting, what was found, what to write instead."""

    def __init__(self, message: str, *, setting: str) -> None:
        super().__init__(message)
        self.setting = setting
