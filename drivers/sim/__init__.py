"""Simulated devices: shipped beside the real ones, held to the same contract, with words for
their faults. No real driver imports anything from here."""
