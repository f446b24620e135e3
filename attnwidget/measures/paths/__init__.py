"""Attention followed through the layers."""
