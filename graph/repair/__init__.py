"""The repair of one reported fault, from intake to report."""
