"""Compiling a trust list on an office's machine: certificates and key lists in, a bundle out.

Nothing here runs at a gate: there, every key comes parsed out of the bundle
(`gate.credential.bundle`), and X.509 is never looked at.
"""
