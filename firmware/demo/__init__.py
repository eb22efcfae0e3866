"""A whole lane to look at: its street, its office, and what a terminal shows of it."""
