"""The record of one forward pass, from which every attention weight is computed."""
