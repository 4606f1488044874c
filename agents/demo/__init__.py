"""The demo: broker, worker and real events in one command, with nothing to install.

``story`` is what goes in, ``cluster`` the broker and the worker, ``feed`` and ``watch`` what goes in and comes out
over Kafka, ``show`` what is told on the screen, ``run`` the whole.
"""
