"""`make audit`: what linters say about every stack that this repository synthesizes, in one table."""
