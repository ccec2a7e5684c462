"""The network: architectures, training in a worker process, bundles, fast inference.

- what is trained: ``config``, ``checks``, ``architectures``, ``targets``, ``teaching``, ``augment``, ``schedule``
- the worker: ``training``, ``engine``, ``distributed``, ``callbacks``, ``state``; the server's side of it: ``runs``,
  ``status``, ``workers``, ``probe`` (its Keras: ``probe_process``)
- bundles: ``bundle``, ``card``, ``publish``, ``making``, ``calibration``, ``export``, ``importing`` (after
  ``first_opening``), ``keras2``
- answers without TensorFlow: ``classifier``, ``head``, ``occlusion``, ``neighbours``
- measuring: ``evaluation``, ``comparison``, ``people``, ``hardship``, ``report``, ``reproduce``
- Keras for a page: ``inside`` asks ``service``; ``elsewhere`` runs a command
"""
