"""Routes of the peer."""

from __future__ import annotations

from rest_framework.routers import SimpleRouter

from tests.bench.peer.views import PermissionViewSet, PreferenceViewSet

router = SimpleRouter()
router.register("preferences", PreferenceViewSet, basename="preference")
router.register("permissions", PermissionViewSet, basename="permission")
urlpatterns = router.urls
