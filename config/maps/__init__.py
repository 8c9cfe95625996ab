"""The field maps that ship: one TOML file a source, by name."""
