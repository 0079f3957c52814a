"""A small order service: the application that the reference stacks deploy and the rehearsals run."""
