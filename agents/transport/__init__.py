"""How records get from Kafka into the lanes: Faust's own consumer, with a chunk of records as one message."""
