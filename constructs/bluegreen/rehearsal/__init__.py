"""The rehearsal: the local cloud, and the scenarios that are played on it."""
