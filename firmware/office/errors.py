"""What can go wrong at an office, each in one sentence that says what to do."""


class OfficeError(Exception):
    """A file of the office is missing, damaged or in the way; or its key does not answer."""


class PassphraseNeeded(OfficeError):
    """The private key is encrypted, and no passphrase was given."""
