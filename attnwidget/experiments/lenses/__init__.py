"""What stands in the residual stream, read with the prediction head."""
