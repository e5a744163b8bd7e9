"""The token endpoint: RFC 6749, with the parameters that clients of the management API send."""

from muster.dialects.kit.fields import Integer, Object, Text

TOKEN = Object(
    required=True,
    members={
        "grant_type": Text("The grant (RFC 6749): client_credentials.", required=True),
        "client_id": Text("The application that asks; or in the Authorization header (RFC 6749, section 2.3.1)."),
        "client_secret": Text("Its secret; or in the Authorization header."),
        "audience": Text("The identifier of the API that the token is for."),
        "scope": Text("The scopes asked for, separated by spaces; all that are granted when not given."),
        "organization": Text("The organization that the token is for.", nullable=True),
        "client_assertion": Text("A JWT signed by the application instead of a secret (RFC 7523)."),
        "client_assertion_type": Text("The kind of assertion (RFC 7521)."),
    },
)

TOKEN_ANSWER = Object(
    members={
        "access_token": Text("A JWT (RFC 9068) for the Authorization header of calls to the API.", required=True),
        "token_type": Text("Always Bearer.", required=True),
        "expires_in": Integer("For how many seconds the token is good.", required=True),
        "scope": Text("The scopes that were granted, separated by spaces."),
    },
)

TOKEN_REFUSED = Object(
    members={
        "error": Text("The code of RFC 6749, section 5.2, or access_denied.", required=True),
        "error_description": Text("What is wrong, in words."),
    },
)
