"""What each step measures. One module a device; none knows the terminal or the engine's loop."""
