"""The bundled classifier, tiny-classifier: reviews whose class follows from a rule. Importing this imports no torch."""
