"""The hosted pages: sign-in, sign-up and the account. They show and take; every rule is the core's."""
