-- People on their way in, browsers that are remembered, and what may be presented once.
-- compatible-with: 1

CREATE TABLE sign_in_attempts (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX sign_in_attempts_by_age ON sign_in_attempts (tenant_id, created_at, id);

CREATE TABLE sign_ups (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX sign_ups_by_age ON sign_ups (tenant_id, created_at, id);

CREATE TABLE device_codes (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX device_codes_by_age ON device_codes (tenant_id, created_at, id);

CREATE TABLE used_once (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX used_once_by_age ON used_once (tenant_id, created_at, id);

CREATE TABLE tallies (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX tallies_by_age ON tallies (tenant_id, created_at, id);

CREATE TABLE remembered_browsers (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE INDEX remembered_browsers_of_user ON remembered_browsers (tenant_id, user_id, created_at, id);
CREATE INDEX remembered_browsers_by_age ON remembered_browsers (tenant_id, created_at, id);

CREATE TABLE webhook_endpoints (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);
