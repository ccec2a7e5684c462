"""The network, its training in real processes, and its bundles."""
