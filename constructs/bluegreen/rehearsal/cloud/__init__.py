"""The local cloud: AWS control planes emulated over real processes, HAProxy and PostgreSQL.

It is written from AWS's documentation and service models, never from this library's constructs or Lambdas: two copies
of one misunderstanding would agree with each other.
"""
