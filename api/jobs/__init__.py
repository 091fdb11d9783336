"""What runs later, beside the requests: sending messages, telling of what is due."""
