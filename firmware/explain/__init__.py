"""What a code is, for a technician or an officer: who signed it, what holds, what it says.

It proves nothing that the lane would not: the verdict is `gate.credential.verify.examine`'s, and
the order of the checks is that of the formats' own docstrings. What a code says of a person stays
masked unless it is asked for.
"""
