"""What may be changed in a forward pass: records with a text form, and what they do to one layer."""
