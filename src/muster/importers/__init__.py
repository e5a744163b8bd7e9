"""Bringing users in from elsewhere: a vendor's rows become core users, and every row that cannot is told, never dropped."""
