"""What a user hands in -> what the forward pass takes."""
