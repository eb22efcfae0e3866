"""What the command line ends with: `docs/reference/exit-codes.md`."""

EXIT_OK = 0
EXIT_FAILED = 1
EXIT_USAGE = 2
EXIT_REFUSED = 3
EXIT_DEVICE = 4
EXIT_INTERRUPTED = 130
