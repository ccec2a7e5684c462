"""The Training page: the settings on one side, the run and its history on the other."""
