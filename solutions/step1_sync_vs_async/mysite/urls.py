from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import path

from hall import views

urlpatterns = [
    path("", views.page, name="page"),
    path("blocking/", views.blocking, name="blocking"),
    path("awaiting/", views.awaiting, name="awaiting"),
    path("threaded/", views.threaded, name="threaded"),
    path("heartbeat/", views.heartbeat, name="heartbeat"),
    *staticfiles_urlpatterns(),  # the page's CSS and JavaScript, whichever server runs
]
