"""Exports from the notebook: pictures and pages that need no kernel."""
