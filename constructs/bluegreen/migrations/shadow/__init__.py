"""The shadow run: a project's migrations on a scratch PostgreSQL, watched, so that CI can tell what a release would do.

The command line starts the server and reads the report; everything that touches the user's project runs in a process of
its own (`worker`), because two versions of one project cannot be imported side by side.
"""
