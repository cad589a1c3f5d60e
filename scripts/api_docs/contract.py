"""Reads the contract: the files of proto/ as descriptors, and the comments that stand beside what they describe."""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Imported first for what they register: without them the options of the contract would be unknown fields.
from assistant.common.v1 import access_pb2
from buf.validate import validate_pb2
from google.api import annotations_pb2
from google.protobuf.descriptor_pb2 import DescriptorProto, EnumDescriptorProto, FileDescriptorProto, FileDescriptorSet

from scripts.setup.checkout import ROOT

ACCESS = access_pb2.access
HTTP = annotations_pb2.http
RULES = validate_pb2.field


@dataclass
class Contract:
    """The project's own files, and an index by full name (".package.Name") of their types and comments."""

    files: list[FileDescriptorProto]
    messages: dict[str, DescriptorProto] = field(default_factory=dict)
    enums: dict[str, EnumDescriptorProto] = field(default_factory=dict)
    comments: dict[str, str] = field(default_factory=dict)


def read_contract() -> Contract:
    """Read proto/ anew."""
    with tempfile.TemporaryDirectory() as scratch:
        image = Path(scratch) / "contract.binpb"
        subprocess.run([sys.executable, "scripts/gen", "--buf-image", image], cwd=ROOT, check=True)
        everything = FileDescriptorSet.FromString(image.read_bytes())
    contract = Contract([file for file in everything.file if file.name.startswith("assistant/")])
    for file in contract.files:
        _index(contract, file)
    return contract


def _index(contract: Contract, file: FileDescriptorProto) -> None:
    comments = {tuple(place.path): place.leading_comments for place in file.source_code_info.location}
    for path, name, descriptor in _named(file, (), f".{file.package}"):
        contract.comments[name] = " ".join(comments.get(path, "").split())
        if isinstance(descriptor, DescriptorProto):
            contract.messages[name] = descriptor
        elif isinstance(descriptor, EnumDescriptorProto):
            contract.enums[name] = descriptor


def _named(parent: Any, path: tuple[int, ...], name: str) -> Iterator[tuple[tuple[int, ...], str, Any]]:
    """Yield all that has a name inside `parent`, with its path as source_code_info has it and its full name."""
    for descriptor_field, value in parent.ListFields():
        if descriptor_field.message_type is None or not descriptor_field.is_repeated:
            continue
        for index, child in enumerate(value):
            if hasattr(child, "name") and not isinstance(child.name, bytes):
                child_path = (*path, descriptor_field.number, index)
                child_name = f"{name}.{child.name}"
                yield child_path, child_name, child
                yield from _named(child, child_path, child_name)
