"""What touches the world: the Faust application, transport, tables, sinks, metrics, HTTP and the command line."""
