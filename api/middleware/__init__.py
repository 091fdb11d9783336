"""What happens around every request, as plain ASGI: its id and log line, the figures, the headers of the answer."""
