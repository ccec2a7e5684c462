"""Each promise of SECURITY.md; the long ones are marked ``soak``."""
