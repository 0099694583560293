"""`manage.py verify_media` against a store or a database that is not the right one."""

import io
import shutil
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command
from django.utils import timezone

from accounts.models import User
from generations.media import attachments, fetch, verify
from generations.models import Result
from tests.cases import each
from tests.helpers import make_generation, make_result, picture
from tests.media.verifying import age, left, run

pytestmark = pytest.mark.django_db


class TestAStoreThatIsNotThere:
    """A disk that is not mounted, or an address that is wrong."""

    def away(self) -> Path:
        root = Path(configured.MEDIA_ROOT)
        root.rename(root.with_name("away"))
        root.mkdir()
        return root

    def back(self, root: Path) -> None:
        shutil.rmtree(root)
        root.with_name("away").rename(root)

    def test_is_not_repaired(self, user: User) -> None:
        for _ in range(verify.ENOUGH):
            make_result(make_generation(user, status="done"))
        root = self.away()
        with pytest.raises(CommandError):
            run("--repair")
        assert not Result.objects.filter(kept_at=None).exists()
        self.back(root)
        assert "0 wrong" in run()

    def test_may_come_back_after_all_was_given_up(self, result: Result, monkeypatch: pytest.MonkeyPatch) -> None:
        root = self.away()
        run("--repair")
        Result.objects.update(source_url="http://127.0.0.1:9/gone", tries=fetch.MAX_FAILURES)
        fetch.run()
        result.refresh_from_db()
        assert result.gone_at
        self.back(root)
        assert "is back; kept again" in run("--repair")
        result.refresh_from_db()
        assert result.kept_at
        assert not result.gone_at


class TestADatabaseThatIsNotTheRightOne:
    """A new one, another studio's, or an older backup, beside the right files."""

    def kept(self, user: User, count: int, *, days: float) -> list[str]:
        """The names of the files of as many results, made so long ago."""
        moment = timezone.now() - timedelta(days=days)
        names = []
        for _ in range(count):
            row = make_result(make_generation(user, status="done", created_at=moment), kept_at=moment)
            names += [file.name or "" for file in (row.file, row.thumbnail, row.preview)]
        for name in names:
            age(name, days - 0.01)
        return names

    def forget(self, names: list[str]) -> None:
        Result.objects.filter(file__in=names).delete()

    def all_there(self, names: list[str]) -> bool:
        return all(map(default_storage.exists, names))

    @each("still_known", [0, 1, 9])
    def test_is_not_repaired_when_it_knows_few_of_the_files(self, user: User, still_known: int) -> None:
        self.kept(user, still_known, days=2)
        lost = self.kept(user, 10, days=40)
        reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
        age(reference.file.name or "")
        self.forget(lost)
        reference.delete()
        # Nothing at all is touched, also not what could be repaired.
        Result.objects.update(thumbnail="")
        with pytest.raises(CommandError, match=r"^$"):
            run("--repair")
        assert self.all_there([*lost, reference.file.name or ""])
        assert not Result.objects.exclude(thumbnail="").exists()

    def test_the_command_asks_whether_it_is_the_right_one(self, user: User) -> None:
        self.forget(self.kept(user, 10, days=40))
        with pytest.raises(CommandError, match=r"Check that DATABASE_URL is right.*--delete-unknown"):
            call_command("verify_media", "--repair")

    @pytest.mark.parametrize("count", [1, 3])
    def test_what_is_newer_than_all_that_it_knows_stays(self, user: User, count: int) -> None:
        """However little that is; results that were fetched since do not make the database newer."""
        self.kept(user, 10, days=40)
        newer = self.kept(user, count, days=30)
        reference = attachments.add_file(user, "a.png", io.BytesIO(picture()), None)
        age(reference.file.name or "", 29)
        self.forget(newer)
        reference.delete()
        older = left(f"results/ab/{'ab' * 16}.png", days=50)
        Result.objects.update(kept_at=timezone.now())
        with pytest.raises(CommandError, match="newer than anything in it"):
            run("--repair")
        assert self.all_there([*newer, reference.file.name or ""])
        assert not default_storage.exists(older)

    def test_a_few_files_beside_an_empty_one_stay_too(self, user: User) -> None:
        names = self.kept(user, 1, days=40)
        self.forget(names)
        with pytest.raises(CommandError, match="newer than anything in it"):
            run("--repair")
        assert self.all_there(names)

    @pytest.mark.parametrize("still_known", [0, 1, 9])
    def test_is_believed_when_it_is_said_so(self, user: User, still_known: int) -> None:
        kept = self.kept(user, still_known, days=40)
        unknown = self.kept(user, 3, days=30)
        self.forget(unknown)
        assert run("--repair", "--delete-unknown").endswith("0 wrong, 9 repaired.\n")
        assert not any(map(default_storage.exists, unknown))
        assert self.all_there(kept)
