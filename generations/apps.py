from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"

    def ready(self) -> None:
        from django_q.signals import post_spawn

        from .dispatch import wake

        post_spawn.connect(wake.after_spawn, dispatch_uid="generations")
