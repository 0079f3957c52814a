"""Group safety: services in every kind of surroundings, from their first creation to their end."""

from .estate_creation import CREATION
from .estate_ends import ENDS
from .estate_pairs import PAIRS
from .estate_plans import PLANS
from .estate_surroundings import SURROUNDINGS

ESTATE = (*CREATION, *PLANS, *ENDS, *PAIRS, *SURROUNDINGS)
"""In the order in which they are played: one stack after another, so that few stand at the same time."""
