-- Organizations, their members and invitations; uploaded pictures; redirect addresses.
-- compatible-with: 1

-- `name_key` is what a list is sorted by, `folded` what is looked for within: name and slug without case.
CREATE TABLE organizations (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    name_key key_text NOT NULL DEFAULT '',
    folded key_text NOT NULL DEFAULT '',
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX organizations_by_creation ON organizations (tenant_id, created_at, id);
CREATE INDEX organizations_by_name ON organizations (tenant_id, name_key, id);

-- Rows of one user, found by their ids through `locators`.
CREATE TABLE memberships (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    organization_id key_text NOT NULL DEFAULT '',
    role key_text NOT NULL DEFAULT '',
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE INDEX memberships_of_organization ON memberships (tenant_id, organization_id, created_at, id);
CREATE INDEX memberships_by_creation ON memberships (tenant_id, created_at, id);

-- `state` is what somebody made of it; that one has expired is seen by its time.
CREATE TABLE invitations (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    organization_id key_text NOT NULL DEFAULT '',
    email key_text NOT NULL DEFAULT '',
    state key_text NOT NULL DEFAULT '',
    expires_at bigint,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE INDEX invitations_of_organization ON invitations (tenant_id, organization_id, created_at, id);
CREATE INDEX invitations_of_address ON invitations (tenant_id, email, created_at, id);

CREATE TABLE user_images (
    tenant_id integer NOT NULL,
    user_id key_text NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, user_id, id)
);

CREATE TABLE organization_images (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

CREATE TABLE redirect_urls (
    tenant_id integer NOT NULL,
    id key_text NOT NULL,
    version bigint NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    doc json_text NOT NULL,
    PRIMARY KEY (tenant_id, id)
);

-- What activity can be searched and sorted by, besides.
ALTER TABLE activity ADD COLUMN last_active_at bigint;
ALTER TABLE activity ADD COLUMN last_success_at bigint;

CREATE INDEX activity_by_last_active ON activity (tenant_id, last_active_at, n) WHERE last_active_at IS NOT NULL;
CREATE INDEX activity_by_last_success ON activity (tenant_id, last_success_at, n) WHERE last_success_at IS NOT NULL;
