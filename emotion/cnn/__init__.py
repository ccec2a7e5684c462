"""The network: architectures, training in a worker process, bundles, fast inference."""
