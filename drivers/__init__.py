"""Adapters: one device or one wire each, real and simulated side by side.

A driver knows the domain's types and `drivers.api`, and no other driver.
"""
