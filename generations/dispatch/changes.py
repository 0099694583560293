"""What is different between two answers of Meigen's catalogue: new models, retired ones, other prices."""

from collections.abc import Iterator, Sequence

from django.utils import timezone

from generations.models import CatalogueChange
from meigen_api import prices
from meigen_api.prices import Price
from meigen_api.types import Model

Kind = CatalogueChange.Kind


def note(before: Sequence[Model], after: Sequence[Model]) -> None:
    """Keeps every difference. The first catalogue of all is no change."""
    if before:
        CatalogueChange.objects.bulk_create(_differences(before, after))


def _differences(before: Sequence[Model], after: Sequence[Model]) -> Iterator[CatalogueChange]:
    now = timezone.now()
    old = {model.id: model for model in before if model.is_offered}
    new = {model.id: model for model in after if model.is_offered}
    for model_id in [*new, *(gone for gone in old if gone not in new)]:
        was, is_now = old.get(model_id), new.get(model_id)
        kind = Kind.NEW if was is None else Kind.RETIRED if is_now is None else _kind(was, is_now)
        if not kind:
            continue
        model = is_now or was
        assert model is not None
        change = CatalogueChange(at=now, kind=kind, model_id=model_id[:200], model_name=model.name[:200])
        if was and (price := prices.cheapest(was)):
            change.least_before, change.most_before = price.least, price.most
        if is_now and (price := prices.cheapest(is_now)):
            change.least, change.most = price.least, price.most
        yield change


def _kind(before: Model, after: Model) -> Kind | None:
    """How the price of a model has changed, None if it has not."""
    if before.price_data == after.price_data:
        return None
    was, is_now = prices.cheapest(before), prices.cheapest(after)
    if was is None or is_now is None or was == is_now:
        return Kind.REPRICED
    return _direction(was, is_now)


def _direction(was: Price, is_now: Price) -> Kind:
    up = is_now.least > was.least or is_now.most > was.most
    down = is_now.least < was.least or is_now.most < was.most
    return Kind.REPRICED if up and down else Kind.DEARER if up else Kind.CHEAPER
