"""The reference deployment: the orders service in three environments, made from one table."""
