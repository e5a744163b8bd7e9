-- Groups and the settings of a tenant, the keys that programs call with, and tickets: rows of one user, found by their text.
-- Who is in a group stands in the user's document and among the user's terms.

CREATE TABLE user_groups (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE sign_in_settings (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE api_keys (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE tickets (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE INDEX tickets_of_user ON tickets (tenant_id, user_id, created_at, id);

-- What else activity can be searched and sorted by.
ALTER TABLE activity ADD COLUMN last_attempt_at bigint;
ALTER TABLE activity ADD COLUMN attempts bigint;
ALTER TABLE activity ADD COLUMN successes bigint;
ALTER TABLE activity ADD COLUMN failures bigint;
ALTER TABLE activity ADD COLUMN locked_until bigint;

-- Few have failures or a lock at any time; whoever sorts by the rest can wait for the rows to be read.
CREATE INDEX activity_by_failures ON activity (tenant_id, failures, n) WHERE failures IS NOT NULL;
CREATE INDEX activity_by_lock ON activity (tenant_id, locked_until, n) WHERE locked_until IS NOT NULL;
