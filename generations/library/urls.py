from django.urls import path

from . import collections, generation, history, selection, tick

urlpatterns = [
    path("gallery/", history.gallery, name="gallery"),
    path("tick/", tick.tick, name="tick"),
    path("generations/<uuid:pk>/", generation.generation, name="generation"),
    path("generations/<uuid:pk>/cancel/", generation.cancel, name="cancel"),
    path("generations/<uuid:pk>/cancel-all/", generation.cancel_click, name="cancel_click"),
    path("generations/<uuid:pk>/send-again/", generation.send_again, name="send_again"),
    path("generations/<uuid:pk>/check-again/", generation.check_again, name="check_again"),
    path("generations/<uuid:pk>/fetch-again/", generation.fetch_again, name="fetch_again"),
    path("generations/selected/", selection.selected, name="selected"),
    path("generations/<uuid:pk>/compare/", generation.compare, name="compare"),
    path("generations/<uuid:pk>/team/", generation.team, name="team"),
    path("generations/<uuid:pk>/delete/", generation.delete, name="delete"),
    path("generations/<uuid:pk>/restore/", generation.restore, name="restore"),
    path("generations/<uuid:pk>/star/", generation.star, name="star"),
    path("generations/<uuid:pk>/share/", generation.share, name="share"),
    path("generations/<uuid:pk>/results/<int:number>/", generation.result, name="result"),
    path("generations/<uuid:pk>/results/<int:number>/thumbnail/", generation.thumbnail, name="thumbnail"),
    path("generations/<uuid:pk>/results/<int:number>/preview/", generation.preview, name="preview"),
    path("collections/", collections.collections, name="collections"),
    path("collections/names/", collections.collection_names, name="collection_names"),
    path("collections/options/", collections.collection_options, name="collection_options"),
    path("collections/<uuid:pk>/", collections.collection, name="collection"),
    path("collections/<uuid:pk>/settings/", collections.collection_settings, name="collection_settings"),
    path("collections/<uuid:pk>/team/", collections.collection_team, name="collection_team"),
    path("collections/<uuid:pk>/order/", collections.collection_order, name="collection_order"),
    path("collections/<uuid:pk>/arrange/", collections.arrange_collection, name="arrange_collection"),
    path("collections/<uuid:pk>/merge/", collections.merge_collection, name="merge_collection"),
    path("collections/<uuid:pk>/delete/", collections.delete_collection, name="delete_collection"),
]
