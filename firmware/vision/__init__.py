"""The vision process: a camera and the code reader, shut in by themselves, and what watches them.

A stranger's picture is the most hostile thing that the gate takes in, and it is taken in by
decoders written in C. So they run in a process that has no network, no files and little memory,
that hands over nothing but bounded messages, and that is killed and started anew without the
lane noticing more than a blink.
"""
