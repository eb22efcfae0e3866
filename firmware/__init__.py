"""The program on the Pi: configuration, wiring, the one loop, supervision, command line."""
