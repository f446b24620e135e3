"""What is carried: values, projections, residuals."""
