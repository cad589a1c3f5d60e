"""A Mac on which things happen, and the model that knows what must come of them."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.chatdb_builder import ANA, BEN, CLEO, ChatDb, Sent
from tests.histories.model import Expected, Model
from tests.histories.steps import Step

_APPLE_EPOCH = 978_307_200
_SECOND = 1_000_000_000
_DAY = 86_400 * _SECOND
_TAPBACKS = ("love", "like", "laugh", "🎉", "🙃")
_MANY = 40


class Mac:
    """Does steps to a real database and to the model."""

    def __init__(self, path: Path, seed: int) -> None:
        self.db = ChatDb(path, seed=seed)
        self.db.clock = (int(time.time()) - _APPLE_EPOCH) * _SECOND - 7_200 * _SECOND
        self.model = Model()
        self.needs_check = False
        """Something old was changed, which only a comparison finds."""
        self._chats = [
            (self.db.direct(ANA), f"iMessage;-;{ANA}", (ANA,)),
            (self.db.direct(ANA, "SMS"), f"SMS;-;{ANA}", (ANA,)),
            (self.db.direct(BEN), f"iMessage;-;{BEN}", (BEN,)),
            (self.db.group(BEN, CLEO, name="Both", guid="iMessage;+;both"), "iMessage;+;both", (BEN, CLEO)),
        ]
        self._waiting: list[tuple[int, Sent]] = []
        """Rows that have no chat yet."""
        self._first = self._send(Step("send", text="the first")).guid
        """Always there: an empty database is another story."""

    def do(self, step: Step) -> None:
        """Let a step happen, if there is anything for it to happen to."""
        getattr(self, f"_{step.what}")(step)

    def settle(self) -> None:
        """Let everything that Messages does in several steps come to its end."""
        for chat, sent in self._waiting:
            self.db.join(chat, sent.rowid)
        self._waiting.clear()

    # --- messages -----------------------------------------------------------------------------------------------------

    def _send(self, step: Step, *, age: int = 0, **columns: object) -> Sent:
        chat, guid, people = self._chats[step.pick % len(self._chats)]
        sender = (*people, None)[step.other % (len(people) + 1)]
        return self._add(chat, guid, sender, step, age, columns)

    def _send_many(self, step: Step) -> None:
        for number in range(_MANY):
            self._send(Step("send", step.pick + number, step.other + number, f"{step.text}{number}"))

    def _reply(self, step: Step) -> None:
        if to := self._chosen(step.other):
            sent = self._send(step, thread_originator_guid=to.guid, thread_originator_part="0:0:1")
            self.model.here[sent.guid].reply_to = to.guid

    def _backfill(self, step: Step) -> None:
        sent = self._send(step, age=(30 + step.other % 400) * _DAY)
        self.model.here[sent.guid].is_old = True

    def _late_chat(self, step: Step) -> None:
        chat, guid, people = self._chats[step.pick % len(self._chats)]
        sent = self._add(None, guid, people[0], step, 0, {})
        self._waiting.append((chat, sent))

    def _event(self, step: Step) -> None:
        chat, guid, people = self._chats[-1]
        sent = self._add(chat, guid, people[0], Step("event"), 0, {"item_type": 2, "group_title": "Both"})
        self.model.here[sent.guid].event = "GROUP_EVENT_KIND_RENAMED"

    def _add(
        self, chat: int | None, guid: str, sender: str | None, step: Step, age: int, columns: dict[str, object]
    ) -> Sent:
        moment = {"date": self.db.clock - age} if age else {}
        add: Callable[..., Sent] = self.db.rich if step.pick % 3 else self.db.message
        sent = add(chat, step.text, sender=sender, **moment, **columns)
        date = self.db.clock - age if not age else moment["date"]
        sent_at = (date + _APPLE_EPOCH * _SECOND) // 1_000
        self.model.here[sent.guid] = Expected(sent.guid, guid, sender, step.text.strip() and step.text, sent_at)
        return sent

    # --- changes ------------------------------------------------------------------------------------------------------

    def _edit(self, step: Step) -> None:
        one = self._chosen(step.pick, lambda one: not one.is_unsent and not one.event)
        if one:
            before = [*one.edits, one.text]
            start = 770_000_000.0
            self.db.edit(one.guid, [(text, start + place) for place, text in enumerate([*before, step.text])])
            one.edits, one.text = before, step.text
            self._changed(one)

    def _unsend(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: not one.is_unsent and not one.event):
            self.db.unsend(one.guid)
            one.is_unsent = True
            self._changed(one)

    def _read(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: not one.event):
            self.db.update(one.guid, is_read=1, date_read=self.db.clock)
            one.is_read = True
            self._changed(one)

    def _attach(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: not one.event):
            one.files.add(self.db.attach(self._row_of(one.guid)))
            self._changed(one)

    def _tapback(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: not one.event):
            chat, _, people = self._chat_of(one)
            sender = (*people, None)[step.other % (len(people) + 1)]
            kind = _TAPBACKS[step.other % len(_TAPBACKS)]
            one.reactions.pop(sender, None)
            one.reactions[sender] = kind
            self.db.tapback(chat, one.guid, kind, sender=sender)

    def _untapback(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: bool(one.reactions)):
            sender, kind = list(one.reactions.items())[step.other % len(one.reactions)]
            del one.reactions[sender]
            self.db.remove_tapback(self._chat_of(one)[0], one.guid, kind, sender=sender)

    def _delete(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: one.guid != self._first):
            self.db.delete(one.guid)
            del self.model.here[one.guid]

    def _put_away(self, step: Step) -> None:
        if one := self._chosen(step.pick, lambda one: one.guid != self._first):
            self.db.put_into_recently_deleted(one.guid)
            self.model.put_away[one.guid] = self.model.here.pop(one.guid)

    def _take_back(self, step: Step) -> None:
        if self.model.put_away:
            guid = sorted(self.model.put_away)[step.pick % len(self.model.put_away)]
            self.db.take_back(guid)
            self.model.here[guid] = self.model.put_away.pop(guid)

    # --- the file -----------------------------------------------------------------------------------------------------

    def _rotate_log(self, step: Step) -> None:
        self.db.rotate_log()

    def _rebuild(self, step: Step) -> None:
        self.db.rebuild()

    def _rebuild_in_part(self, step: Step) -> None:
        lost = sorted(self.model.here.keys() - {self._first})[step.pick % 5 :: 2 + step.other % 3]
        self.db.rebuild(without=lost)
        for guid in lost:
            self.model.elsewhere[guid] = self.model.here.pop(guid)

    def _bring_back(self, step: Step) -> None:
        """iCloud brings a message back that the rebuilt database lacked, as a new row with its old date."""
        if self.model.elsewhere:
            guid = sorted(self.model.elsewhere)[step.pick % len(self.model.elsewhere)]
            self.db.bring_back(guid)
            self.model.here[guid] = self.model.elsewhere.pop(guid)

    # --- choosing -----------------------------------------------------------------------------------------------------

    def _chosen(self, pick: int, fits: Callable[[Expected], bool] = lambda one: True) -> Expected | None:
        waiting = {sent.guid for _, sent in self._waiting}
        fitting = [one for guid, one in sorted(self.model.here.items()) if guid not in waiting and fits(one)]
        return fitting[pick % len(fitting)] if fitting else None

    def _chat_of(self, one: Expected) -> tuple[int, str, Sequence[str]]:
        return next(known for known in self._chats if known[1] == one.chat)

    def _row_of(self, guid: str) -> Sent:
        (rowid,) = self.db.connection.execute("SELECT ROWID FROM message WHERE guid = ?", (guid,)).fetchone()
        return Sent(rowid, guid)

    def _changed(self, one: Expected) -> None:
        self.needs_check = self.needs_check or one.is_old
