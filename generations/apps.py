from django.apps import AppConfig


class GenerationsConfig(AppConfig):
    name = "generations"
    verbose_name = "Generations and links"

    def ready(self) -> None:
        from django.db.models.signals import post_migrate
        from django_q.signals import post_spawn, pre_execute

        from accounts import reviewers
        from generations import checks  # noqa: F401 (registers them)
        from generations.dispatch import wake

        post_spawn.connect(wake.after_spawn, dispatch_uid="generations")
        pre_execute.connect(wake.before_task, dispatch_uid="generations")
        post_migrate.connect(reviewers.make_group, sender=self, dispatch_uid="generations")
