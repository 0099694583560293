"""The sandbox's books: accounts, posts, jobs and, above all, charges. One SQLite database, in memory or a file."""

import hashlib
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

SCHEMA = """
CREATE TABLE IF NOT EXISTS accounts (
    token TEXT PRIMARY KEY, last4 TEXT NOT NULL, purchased INTEGER NOT NULL, revoked INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE IF NOT EXISTS posts (token TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX IF NOT EXISTS posts_recent ON posts (token, at);
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, token TEXT NOT NULL, idempotency_key TEXT, body TEXT NOT NULL, prompt TEXT NOT NULL,
    model TEXT NOT NULL, aspect_ratio TEXT NOT NULL, resolution TEXT NOT NULL, images INTEGER NOT NULL,
    video INTEGER NOT NULL, credits INTEGER NOT NULL, created REAL NOT NULL, seconds REAL NOT NULL,
    outcome TEXT NOT NULL, UNIQUE (token, idempotency_key)
);
CREATE TABLE IF NOT EXISTS charges (
    number INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, token TEXT NOT NULL, idempotency_key TEXT,
    job TEXT NOT NULL, credits INTEGER NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS faults (idempotency_key TEXT NOT NULL, name TEXT NOT NULL, times INTEGER NOT NULL,
    PRIMARY KEY (idempotency_key, name));
"""


@dataclass(frozen=True)
class Job:
    id: str
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
    created: float
    seconds: float
    outcome: str


@dataclass(frozen=True)
class Charge:
    """One line of the ledger; refunds have negative credits."""

    number: int
    at: float
    token: str
    idempotency_key: str | None
    job: str
    credits: int
    reason: str


class Ledger:
    """All reads and writes, each `transaction` atomic and alone. Tokens are kept as hashes."""

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

    def account(self, token: str) -> str:
        """The account's name in these books (a hash), opened with the usual credits when it is new."""
        name = hashlib.sha256(token.encode()).hexdigest()[:16]
        with self._lock:
            self._db.execute(
                "INSERT OR IGNORE INTO accounts (token, last4, purchased) VALUES (?, ?, ?)",
                (name, token[-4:], 3 if "poor" in token else self._credits),
            )
        return name

    def revoked(self, account: str) -> bool:
        return bool(self._one("SELECT revoked FROM accounts WHERE token = ?", account))

    def revoke(self, account: str) -> None:
        self._do("UPDATE accounts SET revoked = 1 WHERE token = ?", account)

    def credits(self, account: str) -> int:
        return self._one("SELECT purchased FROM accounts WHERE token = ?", account)

    def set_credits(self, account: str, credits: int) -> None:
        self._do("UPDATE accounts SET purchased = ? WHERE token = ?", credits, account)

    def count_post(self, account: str, at: float) -> None:
        self._do("INSERT INTO posts (token, at) VALUES (?, ?)", account, at)

    def posts_since(self, account: str, at: float) -> int:
        return self._one("SELECT count(*) FROM posts WHERE token = ? AND at > ?", account, at)

    def job(self, job_id: str) -> Job | None:
        return self._job("SELECT * FROM jobs WHERE id = ?", job_id)

    def job_for_key(self, account: str, key: str) -> Job | None:
        return self._job("SELECT * FROM jobs WHERE token = ? AND idempotency_key = ?", account, key)

    def open_job(self, job: Job) -> None:
        """The job and its charge, together or not at all."""
        self._do("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", *vars(job).values())
        self._charge(job, job.credits, "charge", job.created)

    def refund(self, job: Job, at: float) -> None:
        """Gives a failed job's credits back, once."""
        with self._lock:
            if not self._one("SELECT count(*) FROM charges WHERE job = ? AND reason = 'refund'", job.id):
                self._charge(job, -job.credits, "refund", at)

    def _charge(self, job: Job, credits: int, reason: str, at: float) -> None:
        self._do(
            "INSERT INTO charges (at, token, idempotency_key, job, credits, reason) VALUES (?, ?, ?, ?, ?, ?)",
            at,
            job.token,
            job.idempotency_key,
            job.id,
            credits,
            reason,
        )
        self._do("UPDATE accounts SET purchased = purchased - ? WHERE token = ?", credits, job.token)

    def first_times(self, key: str, name: str, times: int) -> bool:
        """Whether this is among the first `times` occasions of the fault `name` for the key; counts it."""
        self._do("INSERT OR IGNORE INTO faults VALUES (?, ?, 0)", key, name)
        self._do("UPDATE faults SET times = times + 1 WHERE idempotency_key = ? AND name = ?", key, name)
        return self._one("SELECT times FROM faults WHERE idempotency_key = ? AND name = ?", key, name) <= times

    def charges(self) -> list[Charge]:
        with self._lock:
            return [Charge(*row) for row in self._db.execute("SELECT * FROM charges ORDER BY number")]

    def accounts(self) -> list[tuple[str, str, int]]:
        """(name, last four characters of its token, credits) of every account."""
        with self._lock:
            return list(self._db.execute("SELECT token, last4, purchased FROM accounts ORDER BY rowid"))

    def posts(self, account: str) -> list[float]:
        """When each POST of the account came, oldest first."""
        with self._lock:
            return [row[0] for row in self._db.execute("SELECT at FROM posts WHERE token = ? ORDER BY at", (account,))]

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
