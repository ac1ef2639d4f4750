"""The domain's scenarios as data, and the doors, over the whole product in one process."""
