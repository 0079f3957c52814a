"""Migrations as the whole system speaks of them: what a runner found and did, and what a release makes of it.

Standard library only: the runner in the image writes these documents, and the release's functions read them.
"""
