from django.urls import path

from .views import generation, health, inspiration, references, shared, studio

urlpatterns = [
    path("", studio.studio, name="studio"),
    path("studio/fields/", studio.fields, name="fields"),
    path("studio/price/", studio.price, name="price"),
    path("studio/model/", studio.model, name="model"),
    path("generations/", studio.generations, name="generations"),
    path("generations/live/", studio.live, name="live"),
    path("generations/send-again/", studio.send_all_again, name="send_all_again"),
    path("generations/<uuid:pk>/", generation.generation, name="generation"),
    path("generations/<uuid:pk>/cancel/", generation.cancel, name="cancel"),
    path("generations/<uuid:pk>/cancel-all/", generation.cancel_click, name="cancel_click"),
    path("generations/<uuid:pk>/send-again/", generation.send_again, name="send_again"),
    path("generations/<uuid:pk>/check-again/", generation.check_again, name="check_again"),
    path("generations/<uuid:pk>/fetch-again/", generation.fetch_again, name="fetch_again"),
    path("generations/<uuid:pk>/share/", generation.share, name="share"),
    path("generations/<uuid:pk>/share/<uuid:share_id>/revoke/", generation.revoke, name="revoke"),
    path("generations/<uuid:pk>/results/<int:number>/", generation.result, name="result"),
    path("generations/<uuid:pk>/results/<int:number>/thumbnail/", generation.thumbnail, name="thumbnail"),
    path("generations/<uuid:pk>/results/<int:number>/use/", references.use_result, name="use_result"),
    path("references/", references.references, name="references"),
    path("references/<uuid:pk>/", references.reference, name="reference"),
    path("inspiration/", inspiration.inspiration, name="inspiration"),
    path("inspiration/<str:image_id>/", inspiration.inspiration_image, name="inspiration_image"),
    path("inspiration/<str:image_id>/picture/", inspiration.inspiration_picture, name="inspiration_picture"),
    path("inspiration/<str:image_id>/use/", inspiration.use_inspiration, name="use_inspiration"),
    path("s/<str:secret>/", shared.shared, name="shared"),
    path("s/<str:secret>/<int:number>/", shared.shared_result, name="shared_result"),
    path("s/<str:secret>/<int:number>/thumbnail/", shared.shared_thumbnail, name="shared_thumbnail"),
    path("healthz", health.healthz, name="healthz"),
]
