"""What can be wrong with a prompt. The errors carry no message text; the caller turns them into its own."""

from __future__ import annotations


class PromptError(Exception):
    """No prompt can be made of these turns for this model."""


class TemplateUnusable(PromptError):
    """The model's chat template cannot show the conversation."""

    def __init__(self) -> None:
        super().__init__("the model's chat template cannot show this conversation")


class MessageTooLong(PromptError):
    """The message to answer alone is longer than the budget."""

    def __init__(self) -> None:
        super().__init__("the message to answer is longer than the model's context leaves room for")
