"""Our verifier against test cases of others: one file of JSON lines in, one score out."""
