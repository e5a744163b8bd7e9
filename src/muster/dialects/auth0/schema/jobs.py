"""Jobs: imports, exports, mails that ask for verification, and what became of them."""

import re

from muster.dialects.kit.fields import Flag, Integer, List, Object, OneOf, Text

CONNECTION_ID = r"^con_[A-Za-z0-9]{16}$"
MOST_FILE_BYTES = 512_000

_FORMATS = ("json", "csv")
_EXACT = 9_007_199_254_740_991
"""The largest whole number that every JSON reader keeps exactly (RFC 8259, section 6)."""

_STATUS = Text("pending, processing, completed or failed.", required=True)
_TYPE = Text("Which type of job it is: users_import, users_export or verification_email.", required=True)
_ID = Text("The job's id: job_ and 16 letters and digits.", required=True)
_CREATED_AT = Text("When the job was made.", format="date-time")

IMPORT_FORM = Object(
    required=True,
    members={
        "users": Text("The file: a JSON array, or one JSON object a line.", required=True, format="binary"),
        "connection_id": Text(
            "connection_id of the connection to which users will be imported.", required=True, pattern=CONNECTION_ID
        ),
        "upsert": Flag("Whether users who exist are updated (true) or told as errors (false)."),
        "external_id": Text("The caller's own name for the job."),
        "send_completion_email": Flag("Whether the tenant's owners want a mail when the job is done."),
    },
)

EXPORT_FIELDS = List(
    "The fields to export, in this order; all of a user (json) or a fixed choice (csv) when not given.",
    items=Object(
        closed=True,
        members={
            "name": Text("The field, as a path such as identities[0].connection.", required=True, max=100),
            "export_as": Text("The name it gets in the file.", max=100),
        },
    ),
)

EXPORT = Object(
    required=True,
    closed=True,
    members={
        "connection_id": Text(
            "connection_id of the connection from which users will be exported.", pattern=CONNECTION_ID
        ),
        "format": Text("The format of the file.", one_of=_FORMATS),
        "limit": Integer("Limit the number of records.", min=1, max=_EXACT),
        "fields": EXPORT_FIELDS,
    },
)

VERIFICATION = Object(
    required=True,
    closed=True,
    members={
        "user_id": Text("user_id of the user to send the verification email to.", required=True, format="user-id"),
        "client_id": Text(
            "client_id of the client (application). If no value provided, the global Client ID will be used.",
            format="client-id",
        ),
        "identity": Object(
            "Which identity of the user is meant.",
            closed=True,
            members={
                "user_id": Text("The identity's own id.", required=True),
                "provider": Text("The identity's provider.", required=True),
                "connection_id": Text("The identity's connection.", pattern=CONNECTION_ID),
            },
        ),
        "organization_id": Text("The organization in whose name the mail is sent."),
    },
)

_CONNECTION_ID = Text("connection_id of the connection that the job is about.", pattern=CONNECTION_ID)
_EXTERNAL_ID = Text("The caller's own name for the job.")
_FORMAT = Text("The format of the file.", one_of=_FORMATS)
_LIMIT = Integer("The most records that are exported.", min=1)

IMPORT_JOB = Object(
    members={
        "status": _STATUS,
        "type": _TYPE,
        "created_at": Text("When the job was made.", required=True, format="date-time"),
        "id": _ID,
        "connection_id": Text("The connection.", required=True, pattern=CONNECTION_ID),
        "connection": Text("The name of the connection."),
        "external_id": _EXTERNAL_ID,
    }
)

EXPORT_JOB = Object(
    members={
        "status": _STATUS,
        "type": _TYPE,
        "created_at": _CREATED_AT,
        "id": _ID,
        "connection_id": _CONNECTION_ID,
        "connection": Text("The name of the connection."),
        "format": _FORMAT,
        "limit": _LIMIT,
        "fields": EXPORT_FIELDS,
    }
)

VERIFICATION_JOB = Object(members={"status": _STATUS, "type": _TYPE, "created_at": _CREATED_AT, "id": _ID})

JOB = Object(
    members={
        **EXPORT_JOB.members,
        "external_id": _EXTERNAL_ID,
        "location": Text("Where the file of an export can be had, for 60 seconds; asking again gives a new address."),
        "percentage_done": Integer("How far the job is."),
        "time_left_seconds": Integer("How long it will still take, going by the pace so far."),
        "status_details": Text("Why the job failed."),
        "summary": Object(
            "What an import has come to.",
            members={
                "failed": Integer("Rows that were refused."),
                "updated": Integer("Users who were changed."),
                "inserted": Integer("Users who were made."),
                "total": Integer("All of these."),
            },
        ),
    }
)

ERRORS = OneOf(
    shapes=(
        List(
            items=Object(
                closed=True,
                members={
                    "user": Object("The row as it was sent, its secrets masked."),
                    "errors": List(
                        "What is wrong with it.",
                        items=Object(
                            members={
                                "code": Text("What kind of error it is."),
                                "message": Text("What is wrong."),
                                "path": Text("Where."),
                            }
                        ),
                    ),
                },
            )
        ),
        Object(
            members={
                "status": _STATUS,
                "type": _TYPE,
                "created_at": _CREATED_AT,
                "id": _ID,
                "connection_id": _CONNECTION_ID,
                "status_details": Text("Why the job failed."),
            }
        ),
    )
)

PATH = Object(members={"id": Text("The job's id.", required=True, min=1, max=100)})


def is_connection_id(text: str) -> bool:
    """Whether a text has the form of a connection's id."""
    return re.fullmatch(CONNECTION_ID.strip("^$"), text) is not None
