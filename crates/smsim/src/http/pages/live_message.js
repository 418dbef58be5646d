/* LiveMessage as canvas pages had it in 2008: new LiveMessage(event_name, callback_fn), send(recipient, message), and the
   four handlers. The page says in its body which app and whose page it is. */
(function () {
  "use strict";
  var place = "/live/" + encodeURIComponent(document.body.dataset.canvas);
  var token = document.body.dataset.postFormId;
  var pages = [];
  var handlers = Object.create(null);
  var isDown = false;

  function tellAll(name) {
    pages.forEach(function (page) { if (page[name]) { page[name](); } });
  }
  function down() { if (!isDown) { isDown = true; tellAll("_shutdown"); } }
  function up() { if (isDown) { isDown = false; tellAll("_restart"); } }
  function content(text) {
    // What an app sends need not be JSON; such a message arrives as it is.
    try { return JSON.parse(text); } catch (error) { return text; }
  }

  var source = new EventSource(place);
  source.addEventListener("message", function (event) {
    var live = JSON.parse(event.data);
    var handler = handlers[live.event_name];
    if (handler) { handler(content(live.message), live.from); }
  });
  source.addEventListener("shutdown", down);
  source.addEventListener("restart", up);
  source.addEventListener("error", down);
  source.addEventListener("open", up);

  function LiveMessage(eventName, callback) {
    this._name = String(eventName);
    // One handler for each event of an app: the newest.
    if (callback) { handlers[this._name] = callback; }
    pages.push(this);
  }
  LiveMessage.prototype.setSendSuccessHandler = function (handler) { this._success = handler; return this; };
  LiveMessage.prototype.setSendErrorHandler = function (handler) { this._error = handler; return this; };
  LiveMessage.prototype.setShutdownHandler = function (handler) { this._shutdown = handler; return this; };
  LiveMessage.prototype.setRestartHandler = function (handler) { this._restart = handler; return this; };
  LiveMessage.prototype.send = function (recipient, message) {
    var self = this;
    var text = JSON.stringify(message);
    var form = new URLSearchParams({ post_form_id: token, recipient: recipient, event_name: this._name,
                                     message: text === undefined ? "null" : text });
    function failed(code, words) { if (self._error) { self._error(code, words, recipient, message); } }
    fetch(place, { method: "POST", body: form, credentials: "same-origin" }).then(function (answer) {
      if (!answer.ok) { failed(1100, "the page may not send: HTTP " + answer.status); return; }
      return answer.json().then(function (said) {
        if (said.error_code) { failed(said.error_code, said.error_msg); }
        else if (self._success) { self._success(recipient, message); }
      });
    }, function () { failed(1100, "the server was not reached"); });
    return this;
  };
  window.LiveMessage = LiveMessage;
})();
