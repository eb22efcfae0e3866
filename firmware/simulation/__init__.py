"""A lane in virtual time: the same `step` as at a door, simulated people, no device."""
