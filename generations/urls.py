from django.urls import include, path

ROOMS = ["studio", "library", "sharing", "inspiration", "usage", "dispatch", "people"]

urlpatterns = [path("", include(f"generations.{room}.urls")) for room in ROOMS]
