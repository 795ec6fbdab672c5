from django.contrib.staticfiles.urls import staticfiles_urlpatterns
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from chat.views import health
from page.views import not_a_room

urlpatterns = [
    path("accounts/", include("django.contrib.auth.urls")),  # those of login and logout are used
    path("health/", health),
    path("", RedirectView.as_view(pattern_name="index")),
    re_path(r"^chat/(?P<name>[^/]{51,})/$", not_a_room),  # too long for a room
    path("chat/", include("chat.urls")),
    path("chat/<str:name>/", not_a_room),  # a name that chat.urls does not take
    *staticfiles_urlpatterns(),  # the page's CSS and JavaScript, whichever server runs
]
