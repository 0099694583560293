from django.urls import path

from . import finishing_views, guide, preset_views, references, views

urlpatterns = [
    path("", views.studio, name="studio"),
    path("studio/fields/", views.fields, name="fields"),
    path("studio/price/", views.price, name="price"),
    path("studio/form/", views.restored, name="restored"),
    path("studio/model/", views.model, name="model"),
    path("studio/guide/end/", guide.end_guide, name="end_guide"),
    path("generations/", views.generations, name="generations"),
    path("generations/live/", views.live, name="live"),
    path("generations/send-again/", views.send_all_again, name="send_all_again"),
    path("generations/what-waited/", views.what_waited, name="what_waited"),
    path("generations/<uuid:pk>/results/<int:number>/use/", references.use_result, name="use_result"),
    path("generations/finish/", finishing_views.finish, name="finish"),
    path("presets/", preset_views.presets, name="presets"),
    path("presets/<uuid:pk>/", preset_views.preset, name="preset"),
    path("presets/<uuid:pk>/delete/", preset_views.delete_preset, name="delete_preset"),
    path("references/", references.references, name="references"),
    path("references/<uuid:pk>/", references.reference, name="reference"),
]
