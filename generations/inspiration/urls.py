from django.urls import path

from . import views

urlpatterns = [
    path("inspiration/", views.inspiration, name="inspiration"),
    path("inspiration/<str:image_id>/", views.inspiration_image, name="inspiration_image"),
    path("inspiration/<str:image_id>/picture/", views.inspiration_picture, name="inspiration_picture"),
    path("inspiration/<str:image_id>/use/", views.use_inspiration, name="use_inspiration"),
]
