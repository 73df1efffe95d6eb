"""A model server for the checks of clients: it speaks OpenAI's protocol, and its models behave as their names say.

A token is a word between white space. `GET /calls?text=TEXT` counts the requests whose body has a text, for each the pieces that
were sent, and whether its client stayed.
"""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ANSWER = "alpha beta gamma delta"
REPORT = {"city": "Oslo", "degrees": 7}
# A key and a host that must never reach a customer.
SECRET = "sk-upstream-0123456789 at gpu-7.internal"

MODELS = ["words", "org/words", "slow", "endless", "breaks", "busy-once", "refuses"]

calls = []
lock = threading.Lock()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        """Writes no log."""

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/calls":
            text = parse_qs(url.query)["text"][0]
            with lock:
                found = [{key: call[key] for key in ("pieces", "stayed", "headers")} for call in calls if text in call["body"]]
            return self.answer(200, found)
        if url.path == "/v1/models":
            listed = [{"id": name, "object": "model", "created": 0, "owned_by": "check"} for name in MODELS]
            return self.answer(200, {"object": "list", "data": listed})
        return self.answer(404, {"error": {"message": "no such path"}})

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", "0"))).decode()
        call = {"body": body, "pieces": 0, "stayed": None, "headers": dict(self.headers.items())}
        with lock:
            calls.append(call)
            again = sum(1 for other in calls if other["body"] == body) > 1
        try:
            self.serve(json.loads(body), call, again)
            call["stayed"] = True
        except (BrokenPipeError, ConnectionResetError):
            call["stayed"] = False
            self.close_connection = True

    def serve(self, request, call, again):
        model = request["model"].rsplit(":", 1)[-1]
        if model == "refuses":
            return self.answer(401, {"error": {"message": f"Incorrect API key provided: {SECRET}", "code": "invalid_api_key"}})
        if model == "busy-once" and not again:
            return self.answer(503, {"error": {"message": SECRET}}, {"retry-after": "1"})
        if model == "slow":
            time.sleep(2.5)
        if self.path == "/v1/embeddings":
            return self.embed(request)
        message, finish = reply(request)
        usage = count(request, message)
        if not request.get("stream"):
            return self.answer(200, whole(request, message, finish, usage, "chat" in self.path))
        return self.stream(request, call, message, finish, usage)

    def embed(self, request):
        texts = request["input"] if isinstance(request["input"], list) else [request["input"]]
        words = sum(len(str(text).split()) for text in texts)
        data = [{"object": "embedding", "index": at, "embedding": [0.25, -0.5, len(str(text))]} for at, text in enumerate(texts)]
        usage = {"prompt_tokens": words, "total_tokens": words}
        self.answer(200, {"object": "list", "model": request["model"], "data": data, "usage": usage})

    def stream(self, request, call, message, finish, usage):
        self.send_response(200)
        self.send_header("content-type", "text/event-stream")
        self.send_header("connection", "close")
        self.end_headers()
        self.close_connection = True
        chat = "chat" in self.path
        wants_usage = (request.get("stream_options") or {}).get("include_usage", False)
        pieces = deltas(message)
        endless = request["model"] == "endless"
        while endless:
            self.event(chunk(request, {"content": "word "}, None, chat))
            call["pieces"] += 1
            time.sleep(0.02)
        for at, delta in enumerate(pieces):
            if request["model"] == "breaks" and at == 2:
                return
            self.event(chunk(request, delta, None, chat))
            call["pieces"] += 1
        self.event(chunk(request, {}, finish, chat))
        if wants_usage:
            last = chunk(request, {}, None, chat)
            self.event(last | {"choices": [], "usage": usage})
        self.wfile.write(b"data: [DONE]\n\n")

    def event(self, data):
        self.wfile.write(f"data: {json.dumps(data)}\n\n".encode())
        self.wfile.flush()

    def answer(self, status, data, headers=None):
        text = json.dumps(data).encode()
        self.send_response(status)
        for name, value in ({"content-type": "application/json", "content-length": str(len(text))} | (headers or {})).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text)


def texts(request):
    """The texts of a request's prompt."""
    if "prompt" in request:
        prompt = request["prompt"]
        return prompt if isinstance(prompt, list) else [prompt]
    found = []
    for message in request["messages"]:
        content = message.get("content") or ""
        found += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    return found


def reply(request):
    """The answer's message and the reason of its end: a call of the first tool, a report by its schema, or words."""
    answered = any(message["role"] == "tool" for message in request.get("messages", []))
    arguments = json.dumps(REPORT)
    if request.get("tools") and not answered and request.get("tool_choice") != "none":
        name = request["tools"][0]["function"]["name"]
        called = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
        return {"role": "assistant", "content": None, "tool_calls": [called]}, "tool_calls"
    if request.get("response_format", {}).get("type") in ("json_schema", "json_object"):
        return {"role": "assistant", "content": arguments}, "stop"
    most = request.get("max_completion_tokens") or request.get("max_tokens") or 1000
    words = ANSWER.split()
    finish = "length" if most < len(words) else "stop"
    return {"role": "assistant", "content": " ".join(words[:most])}, finish


def count(request, message):
    """The usage: words of the prompt, of which one was cached, and of the answer."""
    read = sum(len(text.split()) for text in texts(request))
    written = len((message.get("content") or message["tool_calls"][0]["function"]["arguments"]).split())
    usage = {"prompt_tokens": read, "completion_tokens": written, "total_tokens": read + written}
    return usage | {"prompt_tokens_details": {"cached_tokens": min(1, read)}}


def deltas(message):
    """A message in pieces: a call's arguments in two, a text by its words."""
    if message.get("tool_calls"):
        called = message["tool_calls"][0]
        arguments = called["function"]["arguments"]
        head = called | {"index": 0, "function": called["function"] | {"arguments": ""}}
        halves = [arguments[:9], arguments[9:]]
        rest = [{"tool_calls": [{"index": 0, "function": {"arguments": half}}]} for half in halves]
        return [{"role": "assistant", "content": None, "tool_calls": [head]}, *rest]
    words = message["content"].split(" ")
    return [{"content": f" {word}"} if at else {"role": "assistant", "content": word} for at, word in enumerate(words)]


def chunk(request, delta, finish, chat):
    choice = {"index": 0, "delta": delta} if chat else {"index": 0, "text": delta.get("content", "")}
    kind = "chat.completion.chunk" if chat else "text_completion"
    choice |= {"finish_reason": finish}
    return {"id": "chatcmpl-1", "object": kind, "created": 1, "model": request["model"], "choices": [choice]}


def whole(request, message, finish, usage, chat):
    choice = {"index": 0, "message": message} if chat else {"index": 0, "text": message["content"]}
    kind = "chat.completion" if chat else "text_completion"
    choice |= {"finish_reason": finish}
    answer = {"id": "chatcmpl-1", "object": kind, "created": 1, "model": request["model"], "choices": [choice]}
    return answer | {"usage": usage}


def start(port):
    """Serves from a thread of its own."""
    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server
