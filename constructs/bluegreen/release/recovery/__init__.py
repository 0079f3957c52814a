"""Recovery: what a restored database is looked at for, and when it counts as recovered.

Standard library only, shipped into Lambda zips and used by the command in the application's image.
"""
