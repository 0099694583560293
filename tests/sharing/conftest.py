import pytest

from accounts.models import User
from generations.models import Generation
from tests.sharing.links import make_done


@pytest.fixture
def done(user: User) -> Generation:
    return make_done(user)
