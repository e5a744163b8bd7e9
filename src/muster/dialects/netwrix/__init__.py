"""Netwrix Change Tracker's users API, in the form of the ServiceStack framework that it is made with."""
