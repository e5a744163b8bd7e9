"""The processes, sockets and connections that one application is served on; it knows nothing of users or tenants."""
