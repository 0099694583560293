from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = "People and tokens"

    def ready(self) -> None:
        from . import checks  # noqa: F401 (registers them)
