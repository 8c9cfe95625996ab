"""What a site sets: settings, one TOML file a home, field maps. Imports nothing of the other rooms."""
