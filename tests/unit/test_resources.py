import pytest

from hotpatch_gui.system import resources


@pytest.mark.parametrize(
    "name", ["/etc/passwd", "../pyproject.toml", "kql/../../x", "C:\\x", "a\\b"]
)
def test_names_outside_the_folder_are_rejected(name: str) -> None:
    with pytest.raises(ValueError, match="Not a resource name"):
        resources.resource(name)


def test_each_resource_exists() -> None:
    assert resources.resource("releases.json").is_file()
    assert "patchassessmentresources" in resources.read_text("kql/assessments.kql")
