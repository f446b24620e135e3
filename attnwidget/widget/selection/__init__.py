"""The selection: traits, the consequences of a change, state, links."""
