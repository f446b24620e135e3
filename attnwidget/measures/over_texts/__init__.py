"""Habits of a model that a single text cannot show: the same measured on many texts, and on their words in another order."""
