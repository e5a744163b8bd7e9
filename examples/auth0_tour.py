"""A program written against Auth0, as it is: only its domain and credentials are this server's (see environment.py)."""

import os

from auth0.management import ManagementClient

auth0 = ManagementClient(
    domain=os.environ["AUTH0_DOMAIN"],
    client_id=os.environ["AUTH0_CLIENT_ID"],
    client_secret=os.environ["AUTH0_CLIENT_SECRET"],
)

for user in auth0.users.list_users_by_email(email="zoe_smith2@mail.example.com"):
    print(user.user_id, user.name, user.app_metadata["plan"])

found = auth0.users.list(q='app_metadata.plan:"enterprise" AND user_metadata.city:"Chicago"')
print([user.email for user in found])

jane = auth0.users.create(
    connection="Username-Password-Authentication", email="jane@example.com", password="correct horse battery"
)
jane = auth0.users.update(jane.user_id, user_metadata={"theme": "dark"}, blocked=True)
print(jane.email, jane.user_metadata, jane.blocked)
auth0.users.delete(jane.user_id)
