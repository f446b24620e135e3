"""The record of one forward pass, and every weight from it."""
