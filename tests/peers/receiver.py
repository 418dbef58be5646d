import hashlib, os, urllib.parse, urllib.request, wsgiref.simple_server
PORT, REST_URL, API_KEY, SECRET = (os.environ[name] for name in ("PORT", "REST_URL", "API_KEY", "SECRET"))
def sign(params): return hashlib.md5(("".join(f"{k}={params[k]}" for k in sorted(params)) + SECRET).encode()).hexdigest()
def app(environ, respond):
    form = dict(urllib.parse.parse_qsl(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()))
    fb = {name.removeprefix("fb_sig_"): value for name, value in form.items() if name.startswith("fb_sig_")}
    if form.get("fb_sig") != sign(fb): respond("403 Forbidden", []); return [b"fb_sig is wrong"]
    call = {"method": "sms.send", "api_key": API_KEY, "v": "1.0", "uid": fb["user"], "session_id": fb["sms_sid"],
            "message": "Welcome! Who directed Jaws?"}
    urllib.request.urlopen(REST_URL, urllib.parse.urlencode(call | {"sig": sign(call)}).encode())
    respond("200 OK", []); return []
wsgiref.simple_server.make_server("127.0.0.1", int(PORT), app).serve_forever()
