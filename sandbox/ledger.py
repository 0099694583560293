"""The sandbox's ledger: accounts, posts, jobs and, above all, charges. One SQLite database, in memory or in a file."""

import hashlib
import sqlite3
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (name TEXT PRIMARY KEY, daily INTEGER NOT NULL, purchased INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS tokens (
    id TEXT PRIMARY KEY, hash TEXT NOT NULL UNIQUE, account TEXT NOT NULL, name TEXT NOT NULL, last4 TEXT NOT NULL,
    created REAL NOT NULL, used REAL, active INTEGER NOT NULL DEFAULT 1
);
CREATE TABLE IF NOT EXISTS posts (account TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS posts_recent ON posts (account, at);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, token TEXT NOT NULL, idempotency_key TEXT, body TEXT NOT NULL,
    prompt TEXT NOT NULL, model TEXT NOT NULL, aspect_ratio TEXT NOT NULL, resolution TEXT NOT NULL,
    images INTEGER NOT NULL, video INTEGER NOT NULL, credits INTEGER NOT NULL, daily INTEGER NOT NULL,
    created REAL NOT NULL, seconds REAL NOT NULL, outcome TEXT NOT NULL, UNIQUE (account, idempotency_key)
);
CREATE TABLE IF NOT EXISTS charges (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, account TEXT NOT NULL, idempotency_key TEXT,
    job TEXT NOT NULL, credits INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (idempotency_key TEXT NOT NULL, name TEXT NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (idempotency_key, name));
CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, kind TEXT NOT NULL, size INTEGER NOT NULL, created REAL NOT NULL, body BLOB
);
CREATE TABLE IF NOT EXISTS receipts (account TEXT NOT NULL, idempotency_key TEXT NOT NULL, request TEXT NOT NULL,
    status INTEGER NOT NULL, body BLOB NOT NULL, PRIMARY KEY (account, idempotency_key));
CREATE TABLE IF NOT EXISTS searches (who TEXT NOT NULL, day TEXT NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (who, day));
"""


@dataclass(frozen=True)
class Job:
    """`token` is the id of the token it was sent with. `daily` is the part of `credits` paid with daily credits."""

    id: str
    account: str
    token: str
    idempotency_key: str | None
    body: str
    prompt: str
    model: str
    aspect_ratio: str
    resolution: str
    images: int
    video: int
    credits: int
    daily: int
    created: float
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Token:
    """A token as its account sees it. Session tokens have no row and an empty id."""

    id: str
    account: str
    name: str
    last4: str
    created: float
    used: float | None
    active: bool

    @classmethod
    def from_row(cls, *row: Any) -> "Token":
        token_id, _, account, name, last4, created, used, active = row
        return cls(token_id, account, name, last4, created, used, active=bool(active))

    @property
    def is_session(self) -> bool:
        return not self.id


@dataclass(frozen=True)
class Charge:
    """One line of the ledger. Refunds have negative credits."""

    number: int
    at: float
    account: str
    idempotency_key: str | None
    job: str
    credits: int
    reason: str


@dataclass(frozen=True)
class Receipt:
    """What a key refers to while it has no job: the original request, and the response its receipt returns."""

    request: str
    status: int
    body: bytes


class Ledger:
    """All reads and writes. Each `transaction` is atomic and exclusive. Tokens are stored as hashes."""

    def __init__(self, path: Path | None, credits: int) -> None:
        self._lock = threading.RLock()
        self._db = sqlite3.connect(str(path) if path else ":memory:", check_same_thread=False, isolation_level=None)
        self._db.executescript("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;" + SCHEMA)
        self._credits = credits

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def token(self, plain: str, at: float) -> Token:
        """The API token. A new one opens an account of its own."""
        digest = hashlib.sha256(plain.encode()).hexdigest()
        known = self._token(digest)
        if known is None:
            account = f"account-{digest[:12]}"
            self.open_account(account, 3 if "poor" in plain else self._credits)
            return self.add_token(account, plain, "Pasted", at)
        self._do("UPDATE tokens SET used = ? WHERE id = ?", at, known.id)
        return known

    def add_token(self, account: str, plain: str, name: str, at: float) -> Token:
        digest = hashlib.sha256(plain.encode()).hexdigest()
        row = (str(uuid.uuid4()), digest, account, name, plain[-4:], at)
        self._do(
            "INSERT OR IGNORE INTO tokens (id, hash, account, name, last4, created) VALUES (?, ?, ?, ?, ?, ?)", *row
        )
        token = self._token(digest)
        assert token is not None
        return token

    def tokens(self, account: str) -> list[Token]:
        rows = self._all("SELECT * FROM tokens WHERE account = ? ORDER BY created", account)
        return [Token.from_row(*row) for row in rows]

    def revoke(self, token_id: str) -> None:
        self._do("UPDATE tokens SET active = 0 WHERE id = ?", token_id)

    def open_account(self, account: str, purchased: int, daily: int = 0) -> None:
        self._do("INSERT OR IGNORE INTO accounts VALUES (?, ?, ?)", account, daily, purchased)

    def credits(self, account: str) -> tuple[int, int]:
        """(daily, purchased)."""
        [(daily, purchased)] = self._all("SELECT daily, purchased FROM accounts WHERE name = ?", account)
        return daily, purchased

    def set_credits(self, account: str, purchased: int, daily: int | None = None) -> None:
        """Sets the credits. Daily credits stay unchanged if `daily` is not given."""
        self._do(
            "UPDATE accounts SET purchased = ?, daily = ifnull(?, daily) WHERE name = ?", purchased, daily, account
        )

    def count_post(self, account: str, at: float) -> None:
        self._do("INSERT INTO posts (account, at) VALUES (?, ?)", account, at)

    def posts_since(self, account: str, at: float) -> int:
        return self._one("SELECT count(*) FROM posts WHERE account = ? AND at > ?", account, at)

    def job(self, job_id: str) -> Job | None:
        return self._job("SELECT * FROM jobs WHERE id = ?", job_id)

    def job_for_key(self, account: str, key: str) -> Job | None:
        return self._job("SELECT * FROM jobs WHERE account = ? AND idempotency_key = ?", account, key)

    def open_job(self, job: Job) -> None:
        """Creates the job and its charge in one step. It replaces whatever the key referred to before."""
        self._do("DELETE FROM receipts WHERE account = ? AND idempotency_key = ?", job.account, job.idempotency_key)
        self._do("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *vars(job).values())
        self._charge(job, 1, "charge", job.created)

    def refund(self, job: Job, at: float) -> None:
        """Returns a failed job's credits, only once."""
        with self._lock:
            if not self._one("SELECT count(*) FROM charges WHERE job = ? AND reason = 'refund'", job.id):
                self._charge(job, -1, "refund", at)

    def _charge(self, job: Job, sign: int, reason: str, at: float) -> None:
        self._do(
            "INSERT INTO charges (at, account, idempotency_key, job, credits, reason) VALUES (?, ?, ?, ?, ?, ?)",
            *(at, job.account, job.idempotency_key, job.id, sign * job.credits, reason),
        )
        self._do(
            "UPDATE accounts SET daily = daily - ?, purchased = purchased - ? WHERE name = ?",
            *(sign * job.daily, sign * (job.credits - job.daily), job.account),
        )

    def keep_receipt(self, account: str, key: str, receipt: Receipt) -> None:
        self._do("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?, ?, ?)", account, key, *vars(receipt).values())

    def receipt(self, account: str, key: str) -> Receipt | None:
        rows = self._all(
            "SELECT request, status, body FROM receipts WHERE account = ? AND idempotency_key = ?", account, key
        )
        return Receipt(*rows[0]) if rows else None

    def count_search(self, who: str, day: str) -> int:
        """Counts one more search and returns the total of the day."""
        with self._lock:
            self._do("INSERT OR IGNORE INTO searches VALUES (?, ?, 0)", who, day)
            self._do("UPDATE searches SET times = times + 1 WHERE who = ? AND day = ?", who, day)
            return self._one("SELECT times FROM searches WHERE who = ? AND day = ?", who, day)

    def first_times(self, key: str, name: str, times: int) -> bool:
        """Whether this is among the first `times` occurrences of the fault `name` for the key. Counts it."""
        self._do("INSERT OR IGNORE INTO faults VALUES (?, ?, 0)", key, name)
        self._do("UPDATE faults SET times = times + 1 WHERE idempotency_key = ? AND name = ?", key, name)
        return self._one("SELECT times FROM faults WHERE idempotency_key = ? AND name = ?", key, name) <= times

    def charges(self) -> list[Charge]:
        with self._lock:
            return [Charge(*row) for row in self._db.execute("SELECT * FROM charges ORDER BY number")]

    def refunded(self, job: Job) -> bool:
        return bool(self._one("SELECT count(*) FROM charges WHERE job = ? AND reason = 'refund'", job.id))

    def jobs_of_token(self, token_id: str) -> list[Job]:
        return [Job(*row) for row in self._all("SELECT * FROM jobs WHERE token = ? ORDER BY created DESC", token_id)]

    def accounts(self) -> list[tuple[str, str, int, int]]:
        """(name, last four characters of each token, daily credits, purchased credits) of every account."""
        found = self._all("SELECT name, daily, purchased FROM accounts ORDER BY rowid")
        return [(name, ", ".join(t.last4 for t in self.tokens(name)), *credits) for name, *credits in found]

    def posts(self, account: str) -> list[float]:
        """The times of the account's POSTs, oldest first."""
        return [row[0] for row in self._all("SELECT at FROM posts WHERE account = ? ORDER BY at", account)]

    def open_upload(self, upload_id: str, kind: str, size: int, at: float) -> None:
        self._do("INSERT INTO uploads (id, kind, size, created) VALUES (?, ?, ?, ?)", upload_id, kind, size, at)

    def upload(self, upload_id: str) -> tuple[str, int, float, bytes | None] | None:
        """(content type, announced size, when it was announced, the bytes once they have arrived)."""
        rows = self._all("SELECT kind, size, created, body FROM uploads WHERE id = ?", upload_id)
        return rows[0] if rows else None

    def fill_upload(self, upload_id: str, body: bytes) -> None:
        self._do("UPDATE uploads SET body = ? WHERE id = ?", body, upload_id)

    def _token(self, digest: str) -> Token | None:
        rows = self._all("SELECT * FROM tokens WHERE hash = ?", digest)
        return Token.from_row(*rows[0]) if rows else None

    def _all(self, statement: str, *values: object) -> list[Any]:
        with self._lock:
            return self._db.execute(statement, values).fetchall()

    def _do(self, statement: str, *values: object) -> None:
        with self._lock:
            self._db.execute(statement, values)

    def _one(self, statement: str, *values: object) -> int:
        with self._lock:
            row = self._db.execute(statement, values).fetchone()
        return int(row[0]) if row else 0

    def _job(self, statement: str, *values: object) -> Job | None:
        with self._lock:
            row = self._db.execute(statement, values).fetchone()
        return Job(*row) if row else None
