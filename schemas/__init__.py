"""What travels: events in, events out, the topic catalogue and the policy."""
