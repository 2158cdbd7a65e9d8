"""Settings: defaults < config file < environment < argument.

``layers`` reads and merges the sources without pydantic, so that start-up stays cheap; ``schema``
checks and types the result for those who need values.
"""
