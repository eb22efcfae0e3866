"""The domain of an entrance gate: what a visit is, who may pass, what is recorded.

Nothing in this package does input or output, reads a clock, starts a thread, logs or draws
a random number. Time is an argument (`now_ns`, monotonic; `WallTime` where a calendar is
meant), and everything that happens is an event. That is what lets the same code run at a
door, in a simulated day and in the replay of a journal.
"""
