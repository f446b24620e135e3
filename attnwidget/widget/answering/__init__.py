"""What the page asks, and how it is answered."""
