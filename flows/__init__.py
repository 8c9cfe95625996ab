"""Moves records through the rooms: stages as plain functions, Prefect flows over them, and the command line."""
