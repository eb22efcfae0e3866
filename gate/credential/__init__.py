"""From a stranger's bytes to a typed credential, or to one reason why not."""
