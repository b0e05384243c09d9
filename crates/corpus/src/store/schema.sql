CREATE TABLE file (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);
CREATE TABLE setting (
    id INTEGER PRIMARY KEY,
    source TEXT NOT NULL,
    work INTEGER NOT NULL,
    setting INTEGER NOT NULL,
    copy INTEGER NOT NULL,
    content BLOB NOT NULL,
    melody BLOB,
    file INTEGER NOT NULL REFERENCES file (id),
    line INTEGER NOT NULL,
    from_dump INTEGER NOT NULL,
    abc TEXT NOT NULL,
    dance_type TEXT,
    metre TEXT,
    key TEXT,
    key_as_played TEXT,
    UNIQUE (source, work, setting, copy),
    UNIQUE (source, content)
);
CREATE TABLE title (
    setting INTEGER NOT NULL REFERENCES setting (id),
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (setting, position)
) WITHOUT ROWID;
CREATE TABLE alias (
    source TEXT NOT NULL,
    work INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (source, work, text)
) WITHOUT ROWID;
CREATE TABLE popularity (
    source TEXT NOT NULL,
    work INTEGER NOT NULL,
    tunebooks INTEGER NOT NULL,
    PRIMARY KEY (source, work)
) WITHOUT ROWID;
CREATE TABLE complaint (
    setting INTEGER NOT NULL REFERENCES setting (id),
    line INTEGER NOT NULL,
    column INTEGER NOT NULL,
    kind TEXT NOT NULL,
    message TEXT NOT NULL
);
CREATE INDEX complaint_of_setting ON complaint (setting);
CREATE TABLE family (
    source TEXT NOT NULL,
    work INTEGER NOT NULL,
    family INTEGER NOT NULL,
    PRIMARY KEY (source, work)
) WITHOUT ROWID;
CREATE TABLE family_of (
    corpus TEXT NOT NULL
);
