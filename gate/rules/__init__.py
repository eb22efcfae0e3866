"""Health rules as data: evaluated without input or output, bounded, and never trusted as code."""
