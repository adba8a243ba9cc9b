"""Files, both ways: value → bytes, bytes → value. No Django, no rows, no sockets."""
