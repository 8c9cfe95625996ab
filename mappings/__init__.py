"""Pure functions: a source report becomes an Incident, and an Incident becomes what is owed about it.

Nothing here does I/O or reads a clock: the moment, the home's file and the rows are arguments.
"""
