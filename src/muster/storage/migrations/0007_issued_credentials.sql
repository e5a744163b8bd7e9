-- Records of credentials that were issued to users; and events as they are read by kind.

CREATE TABLE issued_credentials (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE INDEX issued_credentials_of_user ON issued_credentials (tenant_id, user_id, created_at, id);

-- Through which API, by which program and in which request it happened; empty for none.
ALTER TABLE events ADD COLUMN door key_text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN client_id key_text NOT NULL DEFAULT '';
ALTER TABLE events ADD COLUMN request_id key_text NOT NULL DEFAULT '';

-- The newest of a kind, with all that they are chosen by; and what one request did.
CREATE INDEX events_of_kind ON events (tenant_id, kind, id, door, client_id);
CREATE INDEX events_of_request ON events (tenant_id, request_id, id) WHERE request_id <> '';
