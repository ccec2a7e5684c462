"""The views of the Haar page, in the deck's order."""
