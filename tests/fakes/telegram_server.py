"""A strict double of Telegram's Bot API over HTTP, with the people on its other side.

Serves from a thread as a context manager. Every call of the bot is held against the published
contract; what was wrong is in `violations`, and what people saw in `chats`.
"""

import asyncio
import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl

import httpx
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import Receive, Scope, Send

from integrations.http import trusted
from tests.fakes.github_contract import published
from tests.fakes.github_faults import Fault, Faults
from tests.fakes.telegram_chats import BOT, Chats, Keyboard, Message, Refused, Shown
from tests.fakes.telegram_contract import TelegramContract
from tests.fakes.telegram_markup import Unparsable, found_by_itself, parse, units
from tests.fakes.telegram_people import Person

TOKEN = "4200001:AAH-double_of_the_bot_api_0123456789"
TEXT_MAX, CAPTION_MAX, DATA_MAX = 4096, 1024, 64
LOOK_S = 0.01
PATIENCE_S = 60.0
WEBHOOK_PAUSE_S = 0.2
TEXTS = {"text", "caption", "parse_mode", "url", "secret_token", "callback_query_id", "action"}
"""Parameters that are no JSON, whatever they look like."""
Given = dict[str, Any]


class TelegramDouble:
    """One bot, and everybody who talks with it.

    A fault names a method of the Bot API as `method` and a chat as `path`; its `Retry-After` goes
    into the parameters of a 429.
    """

    def __init__(self, *, contracts: Path | None = None, token: str = TOKEN) -> None:
        self.token = token
        self.contract = TelegramContract(contracts or published())
        self.forget()
        self._poll = 0
        """Number of the latest poll; an older one that still waits is ended with 409."""
        self._port = 0
        self._open()

    def forget(self) -> None:
        """Begin anew, with nobody and nothing."""
        self.chats = Chats()
        self.faults = Faults()
        self.journal: list[dict[str, Any]] = []
        self.violations: list[str] = []
        self.commands: list[dict[str, str]] = []
        self.webhook: Given = {}

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._start()
        self._deliverer = threading.Thread(target=self._deliver, daemon=True)
        self._closing = threading.Event()
        self._deliverer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._closing.set()
        self._deliverer.join(10)
        if self._thread.is_alive():
            self.go_down()

    def go_down(self) -> None:
        """Refuse connections from now on."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(10)
        self._socket.close()

    def come_back(self) -> None:
        """Serve again, on the same address."""
        self._open()
        self._start()

    @contextmanager
    def down(self) -> Iterator[None]:
        """Be away for a while."""
        self.go_down()
        try:
            yield
        finally:
            self.come_back()

    def person(self, person_id: int, name: str = "Dana", **more: Any) -> Person:
        """Somebody with a private chat with the bot."""
        user = {"id": person_id, "is_bot": False, "first_name": name, **more}
        self.chats.chat(person_id, "private", name)
        return Person(self.chats, user, person_id)

    def group(self, chat_id: int, title: str = "On call") -> int:
        """A group that the bot is in."""
        self.chats.chat(chat_id, "supergroup", title)
        return chat_id

    def posts(self, chat_id: int, text: str) -> None:
        """A channel that the bot is in posts something."""
        chat = self.chats.chat(chat_id, "channel", "News")
        message = self.chats.add(chat_id, {}, Shown(text), origin={"sender_chat": chat})
        self.chats.happen("channel_post", message.public())

    def again(self, update: Given) -> None:
        """Hand an update over once more, as after a lost confirmation."""
        with self.chats.lock:
            self.chats.updates.append(update)

    def sent(self, chat_id: int) -> list[Message]:
        """What the bot says in a chat, oldest first."""
        return [m for m in self.chats.in_chat(chat_id) if m.sender["id"] == BOT["id"]]

    def wait(self, until: Callable[[], Any], what: str, patience_s: float = PATIENCE_S) -> Any:
        """Look until something is true; what it is."""
        deadline = time.monotonic() + patience_s
        while not (found := until()):
            if time.monotonic() > deadline:
                raise AssertionError(f"in {patience_s} s: {what}; last {self.journal[-5:]}")
            time.sleep(LOOK_S)
        return found

    def _open(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._socket.bind(("127.0.0.1", self._port))
        self._port = self._socket.getsockname()[1]

    def _start(self) -> None:
        config = uvicorn.Config(self, log_config=None, lifespan="off", ws="none")
        self._server = server = uvicorn.Server(config)
        sockets = [self._socket]
        self._thread = threading.Thread(target=lambda: server.run(sockets=sockets), daemon=True)
        self._thread.start()
        while not self._server.started:
            time.sleep(0.005)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        request = Request(scope, receive)
        body = await request.body()
        match = re.fullmatch(r"/bot([^/]+)/(\w+)", request.url.path)
        if not match:
            await _problem(404, "Not Found")(scope, receive, send)
            return
        token, method = match.groups()
        given = _decoded(request.headers.get("content-type", ""), body)
        fault = self.faults.next(method, str(given.get("chat_id", "")))
        entry = {"method": method, "given": given, "status": 0, "at": time.monotonic()}
        self.journal.append(entry)
        reply: Response | None = None
        if fault is None or fault.when != "receipt":
            reply = await self._answer(token, method, given)
        if fault and fault.when != "answer":
            await fault.strike()
            reply = _broken(fault) if fault.status else reply
        entry["status"] = reply.status_code if reply else 0
        if reply is None or (fault and fault.when != "answer" and (fault.drop or fault.kill)):
            await _hang_up(send)
            return
        await reply(scope, receive, send)
        if fault and fault.when == "answer":
            await fault.strike()

    async def _answer(self, token: str, method: str, given: Given) -> Response:
        if token != self.token:
            return _problem(401, "Unauthorized")
        files = given.pop("_files", {})
        wrong = self.contract.request(method, given)
        if wrong:
            self.violations.append(f"{method}: {wrong}")
            return _problem(400, f"Bad Request: against the contract: {wrong}")
        try:
            if method == "getUpdates":
                result: Any = await self._updates(given)
            else:
                result = self._do(method, given, files)
        except Refused as error:
            return _problem(error.status, str(error), **error.parameters)
        answer = {"ok": True, "result": result}
        if wrong := self.contract.answer(method, answer):
            self.violations.append(f"answer to {method}: {wrong}")
        return JSONResponse(answer)

    def _do(self, method: str, given: Given, files: dict[str, tuple[str, bytes]]) -> Any:
        does = getattr(self, f"_{_snake(method)}", None)
        if does is None:
            self.violations.append(f"{method}: the double does not do that")
            raise Refused("Not Found", 404)
        return does({**given, "_files": files} if files else given)

    async def _updates(self, given: Given) -> list[Given]:
        if self.webhook:
            raise Refused(
                "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook "
                "to delete the webhook first",
                409,
            )
        self._poll += 1
        mine, deadline = self._poll, time.monotonic() + given.get("timeout", 0)
        while not (found := self.chats.take(given)):
            if self._poll != mine:
                raise Refused(
                    "Conflict: terminated by other getUpdates request; make sure that only one "
                    "bot instance is running",
                    409,
                )
            if time.monotonic() >= deadline or self._server.should_exit:
                break
            await asyncio.sleep(LOOK_S)
        for update in found:
            if wrong := self.contract.update(update):
                self.violations.append(f"update: {wrong}")
        return found

    def _get_me(self, given: Given) -> Given:
        return BOT

    def _set_my_commands(self, given: Given) -> bool:
        for command in given["commands"]:
            if not re.fullmatch(r"[a-z0-9_]{1,32}", command["command"]):
                raise Refused("Bad Request: BOT_COMMAND_INVALID")
        self.commands = given["commands"]
        return True

    def _set_webhook(self, given: Given) -> bool:
        if given["url"] and not re.match(r"https://|http://127\.0\.0\.1[:/]", given["url"]):
            raise Refused("Bad Request: bad webhook: An HTTPS URL must be provided for webhook")
        if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", given.get("secret_token", "")):
            raise Refused("Bad Request: secret token contains unallowed characters")
        self.webhook = given if given["url"] else {}
        return True

    def _delete_webhook(self, given: Given) -> bool:
        self.webhook = {}
        return True

    def _get_webhook_info(self, given: Given) -> Given:
        return {
            "url": self.webhook.get("url", ""),
            "has_custom_certificate": False,
            "pending_update_count": len(self.chats.updates),
        }

    def _send_chat_action(self, given: Given) -> bool:
        self._chat(given)
        return True

    def _send_message(self, given: Given) -> Given:
        chat_id = self._chat(given)
        shown = self._shown(given, "text", TEXT_MAX)
        if not shown.text.strip():
            raise Refused("Bad Request: message text is empty")
        return self._add(chat_id, given, shown).public()

    def _send_document(self, given: Given) -> Given:
        chat_id = self._chat(given)
        files = given.get("_files", {})
        if "document" not in files:
            raise Refused("Bad Request: there is no document in the request")
        if not files["document"][1]:
            raise Refused("Bad Request: file must be non-empty")
        shown = self._shown(given, "caption", CAPTION_MAX)
        return self._add(chat_id, given, shown, document=files["document"]).public()

    def _edit_message_text(self, given: Given) -> Given:
        message = self._own(given)
        if message.document:
            raise Refused("Bad Request: there is no text in the message to edit")
        self.chats.edit(message, self._shown(given, "text", TEXT_MAX))
        return message.public()

    def _edit_message_caption(self, given: Given) -> Given:
        message = self._own(given)
        self.chats.edit(message, self._shown(given, "caption", CAPTION_MAX))
        return message.public()

    def _edit_message_reply_markup(self, given: Given) -> Given:
        message, old = self._own(given), self._own(given).now
        keyboard = _keyboard(given.get("reply_markup"))
        self.chats.edit(message, Shown(old.text, old.entities, old.raw, keyboard))
        return message.public()

    def _delete_message(self, given: Given) -> bool:
        words = "message to delete not found"
        self.chats.find(given["chat_id"], given["message_id"], words).gone = True
        return True

    def _answer_callback_query(self, given: Given) -> bool:
        self.chats.answer(given)
        return True

    def _chat(self, given: Given) -> int:
        chat_id = given["chat_id"]
        if chat_id not in self.chats.known:
            raise Refused("Bad Request: chat not found")
        if chat_id in self.chats.blocked:
            raise Refused("Forbidden: bot was blocked by the user", 403)
        return int(chat_id)

    def _own(self, given: Given) -> Message:
        self._chat(given)
        message = self.chats.find(
            given["chat_id"], given["message_id"], "message to edit not found"
        )
        if message.sender["id"] != BOT["id"]:
            raise Refused("Bad Request: message can't be edited")
        return message

    def _add(self, chat_id: int, given: Given, shown: Shown, **more: Any) -> Message:
        markup, reply = given.get("reply_markup") or {}, given.get("reply_parameters")
        answered = None
        if reply:
            try:
                words = "message to be replied not found"
                answered = self.chats.find(chat_id, reply["message_id"], words)
            except Refused:
                if not reply.get("allow_sending_without_reply"):
                    raise
        preview = not (given.get("link_preview_options") or {}).get("is_disabled")
        return self.chats.add(
            chat_id,
            BOT,
            shown,
            reply_to=answered,
            forces_reply=bool(markup.get("force_reply")),
            silent=bool(given.get("disable_notification")),
            previewed=preview and any(e["type"] in ("url", "text_link") for e in shown.entities),
            **more,
        )

    def _shown(self, given: Given, part: str, most: int) -> Shown:
        raw = given.get(part, "")
        entities = given.get("entities") or given.get("caption_entities") or []
        mode = given.get("parse_mode", "")
        if mode == "HTML":
            try:
                text, entities = parse(raw)
            except Unparsable as error:
                raise Refused(f"Bad Request: can't parse entities: {error}") from error
        elif mode:
            raise Refused("Bad Request: unsupported parse_mode")
        else:
            text, entities = raw, [*entities, *found_by_itself(raw, entities)]
        if units(text) > most:
            name = "message" if part == "text" else "message caption"
            raise Refused(f"Bad Request: {name} is too long")
        return Shown(text, tuple(entities), raw, _keyboard(given.get("reply_markup")))

    def _deliver(self) -> None:
        """Bring updates to the webhook, in order, each until it is taken."""
        with httpx.Client(timeout=10, trust_env=False, verify=trusted()) as client:
            while not self._closing.wait(LOOK_S):
                if not (self.webhook and (waiting := self.chats.take({"limit": 1}))):
                    continue
                secret = self.webhook.get("secret_token", "")
                headers = {"X-Telegram-Bot-Api-Secret-Token": secret} if secret else {}
                try:
                    answer = client.post(self.webhook["url"], json=waiting[0], headers=headers)
                    taken = answer.is_success
                except httpx.TransportError:
                    taken = False
                if taken:
                    with self.chats.lock:
                        self.chats.updates.remove(waiting[0])
                else:
                    self._closing.wait(WEBHOOK_PAUSE_S)


def _decoded(kind: str, body: bytes) -> Given:
    """The parameters of a call: nested values travel as JSON within forms."""
    files: dict[str, tuple[str, bytes]] = {}
    if kind.startswith("application/json"):
        found: Given = json.loads(body or b"{}")
        return found
    if kind.startswith("multipart/"):
        plain, files = _parts(kind, body)
    else:
        plain = dict(parse_qsl(body.decode(), keep_blank_values=True))
    given: Given = {name: _value(name, text) for name, text in plain.items()}
    if files:
        given |= {name: f"attach://{name}" for name in files} | {"_files": files}
    return given


def _keyboard(markup: Given | None) -> Keyboard:
    rows = tuple(tuple(row) for row in (markup or {}).get("inline_keyboard", ()))
    for row in rows:
        for button in row:
            if len(button.get("callback_data", "").encode()) > DATA_MAX:
                raise Refused("Bad Request: BUTTON_DATA_INVALID")
            if not button["text"].strip():
                raise Refused("Bad Request: text buttons are unallowed in the inline keyboard")
            if "url" in button and not re.match(r"(https?|tg)://", button["url"]):
                raise Refused("Bad Request: inline keyboard button URL is invalid")
    return rows


def _parts(kind: str, body: bytes) -> tuple[dict[str, str], dict[str, tuple[str, bytes]]]:
    """Texts and files of a multipart form."""
    whole = BytesParser(EmailMessage, policy=HTTP).parsebytes(
        b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body
    )
    texts: dict[str, str] = {}
    files: dict[str, tuple[str, bytes]] = {}
    for part in whole.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        data, file = bytes(part.get_payload(decode=True)), part.get_filename()
        if file is None:
            texts[name] = data.decode()
        else:
            files[name] = (file, data)
    return texts, files


def _value(name: str, text: str) -> Any:
    """A parameter of a form as its type has it."""
    if name in TEXTS:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _snake(method: str) -> str:
    return re.sub(r"([A-Z])", lambda found: "_" + found[0].lower(), method)


def _problem(status: int, words: str, **parameters: Any) -> Response:
    body: Given = {"ok": False, "error_code": status, "description": words}
    if parameters:
        body["parameters"] = parameters
    return JSONResponse(body, status)


def _broken(fault: Fault) -> Response:
    if fault.status == 429:
        wait = int(fault.headers.get("Retry-After", "1"))
        words = f"Too Many Requests: retry after {wait}"
        return _problem(429, words, retry_after=wait)
    if fault.status >= 500:
        return Response("<html>bad gateway</html>", fault.status, media_type="text/html")
    return _problem(fault.status, fault.message)


async def _hang_up(send: Send) -> None:
    """Promise a body that never comes; the server then closes the connection."""
    headers = [(b"content-length", b"1000"), (b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{", "more_body": True})
