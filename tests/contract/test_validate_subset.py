"""Our part of protovalidate's schema is the schema of the protovalidate that is installed."""

import ast
from importlib.util import find_spec
from pathlib import Path

from buf.validate import validate_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto


def installed_schema() -> FileDescriptorProto:
    """Return the schema that protovalidate carries, as serialized in its generated module."""
    spec = find_spec("protovalidate")
    assert spec is not None
    assert spec.origin is not None
    module = Path(spec.origin).parent / "_gen" / "buf" / "validate" / "validate_pb.py"
    (serialized,) = (
        node.args[0].value
        for node in ast.walk(ast.parse(module.read_text()))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "file_desc"
        and isinstance(node.args[0], ast.Constant)
    )
    assert isinstance(serialized, bytes)
    return FileDescriptorProto.FromString(serialized)


def our_schema() -> FileDescriptorProto:
    """Return the schema that our contract is compiled with."""
    schema = FileDescriptorProto()
    validate_pb2.DESCRIPTOR.CopyToProto(schema)
    return schema


def wire_form(field: FieldDescriptorProto) -> tuple[str, int, int, int, str, str]:
    """Return what decides how a field is read and written."""
    return field.name, field.number, field.type, field.label, field.type_name, field.extendee


def fields_of(message: DescriptorProto) -> set[tuple[str, int, int, int, str, str]]:
    return {wire_form(field) for field in message.field}


def test_every_message_of_ours_is_part_of_the_installed_one():
    theirs = {message.name: message for message in installed_schema().message_type}

    for message in our_schema().message_type:
        assert fields_of(message) <= fields_of(theirs[message.name]), message.name


def test_every_enum_value_of_ours_is_an_installed_one():
    theirs = {enum.name: {(value.name, value.number) for value in enum.value} for enum in installed_schema().enum_type}

    for enum in our_schema().enum_type:
        assert {(value.name, value.number) for value in enum.value} <= theirs[enum.name], enum.name


def test_the_options_have_the_installed_numbers():
    ours = {wire_form(extension) for extension in our_schema().extension}

    assert ours
    assert ours <= {wire_form(extension) for extension in installed_schema().extension}
