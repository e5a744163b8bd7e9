"""What may be sent and what is answered: tables that the calls are checked against and that describe the API."""
