"""What an operator does with a deployed stack, over AWS's API: look, start what the release would start, and plan.

Credentials and the region come from the environment, as for every AWS tool.
"""
