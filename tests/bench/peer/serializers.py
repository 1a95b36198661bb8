"""What comes in and goes out."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from tests.bench.peer.models import Brand, Channel, Preference, Purpose


class PreferenceSerializer(serializers.ModelSerializer):
    """A person's own preference."""

    brand = serializers.SlugRelatedField(slug_field="slug", queryset=Brand.objects.all())

    class Meta:
        model = Preference
        fields = ["id", "brand", "purpose", "channel", "allowed", "changed_at"]

    def create(self, validated_data: dict[str, Any]) -> Preference:
        """Create the preference, or change the one that is there."""
        allowed = validated_data.pop("allowed")
        preference, _ = Preference.objects.update_or_create(
            **validated_data, defaults={"allowed": allowed}
        )
        return preference


class PermissionSerializer(serializers.ModelSerializer):
    """A preference as the brand sees it."""

    address = serializers.EmailField(source="person.address")

    class Meta:
        model = Preference
        fields = ["address", "purpose", "channel", "allowed", "changed_at"]


class QuestionSerializer(serializers.Serializer):
    """The query of one check."""

    address = serializers.CharField(max_length=254)
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)


class BatchSerializer(serializers.Serializer):
    """The body of a batch check. An address that nobody has is found to be nobody's, so its form
    need not be validated, which would take longer than the query."""

    addresses = serializers.ListField(
        child=serializers.CharField(max_length=254), allow_empty=False, max_length=10_000
    )
    purpose = serializers.ChoiceField(choices=Purpose.choices)
    channel = serializers.ChoiceField(choices=Channel.choices)
