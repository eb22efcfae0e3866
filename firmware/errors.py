"""What a person at the keyboard can put right."""


class UserError(Exception):
    """A wrong configuration, a file that is missing, a wish that can't be met.

    The message is one sentence that says what is wrong and what to do. The command line
    prints it without a traceback and ends with `exit_code`.
    """

    exit_code = 2
