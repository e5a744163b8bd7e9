"""A program written against Clerk, as it is: only its address and key are this server's (see environment.py)."""

import os

from clerk_backend_api import Clerk

clerk = Clerk(bearer_auth=os.environ["CLERK_SECRET_KEY"], server_url=os.environ["CLERK_API_URL"])

for user in clerk.users.list(request={"email_address": ["zoe_smith2@mail.example.com"]}):
    print(user.id, user.first_name, user.private_metadata["plan"])

clerk.users.ban(user_id=user.id)
clerk.users.unban(user_id=user.id)
