"""The office that issues passes: its keys, its books, its sheets, its pages and its small server.

It runs on the office's own machine, never at a lane. Sheets and pictures need the extra `office`.
"""
