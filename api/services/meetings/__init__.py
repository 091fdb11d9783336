"""The meeting: figures of a period, what they say, what was decided."""
