"""The bundled teaching model, tiny-translator. Importing this imports no torch."""
