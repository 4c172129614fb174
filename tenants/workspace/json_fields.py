"""A form's field for a JSON object that is going to be stored."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms.fields import InvalidJSONInput
from rest_framework.exceptions import ParseError

from tenants.workspace.json_input import read_object


class JSONObjectField(forms.JSONField):
    """Takes what `json_input.read_object` takes: an object, bounded in depth, of values that the database can keep."""

    def to_python(self, value: Any) -> Any:
        if not isinstance(value, str) or value in self.empty_values:
            return super().to_python(value)
        try:
            return read_object(value.encode("utf-8", "surrogatepass"))
        except ParseError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        """What is shown again after an error: Django's own would read the refused text once more, without bounds."""
        return InvalidJSONInput(data) if isinstance(data, str) else super().bound_data(data, initial)
