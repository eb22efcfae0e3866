"""The poster at an entrance: how one checks in, what is measured, and what is kept of it.

Needs the extra `office` (reportlab, and Pillow for a logo): it is made on an office's machine and
printed, never at a lane.
"""
