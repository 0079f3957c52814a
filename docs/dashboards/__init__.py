"""Draws the dashboards of the reference deployment from their synthesized bodies, with sample data."""
