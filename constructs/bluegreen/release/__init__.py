"""The domain of a release: what is checked, in which order, and what to do next.

Standard library only; knows no AWS client. Shipped into every Lambda zip.
"""
