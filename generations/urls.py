from django.urls import include, path

ROOMS = ["styleguide", "studio", "library", "sharing", "inspiration", "usage", "monitoring", "people"]

urlpatterns = [path("", include(f"generations.{room}.urls")) for room in ROOMS]
