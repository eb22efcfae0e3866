"""The far side of the broker: recorder and facilities dashboard."""
