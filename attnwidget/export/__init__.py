"""What leaves the notebook: pictures and pages that need no kernel."""
