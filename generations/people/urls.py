from django.urls import path

from . import views

urlpatterns = [path("join/<str:secret>/", views.join, name="join")]
