/* The form on a canvas page: sends live messages, and shows what arrives. Texts are set as text, never as markup. */
(function () {
  "use strict";
  var form = document.getElementById("live");
  var log = document.getElementById("log");
  var listening = Object.create(null);

  function tell(text, kind) {
    var line = document.createElement("li");
    line.textContent = text;
    if (kind) { line.className = kind; }
    log.appendChild(line);
    while (log.children.length > 200) { log.removeChild(log.firstChild); }
    log.scrollTop = log.scrollHeight;
  }
  function words(data) {
    if (data && typeof data.text === "string") { return data.text; }
    return typeof data === "string" ? data : JSON.stringify(data);
  }
  function name(recipient) {
    var options = Array.prototype.filter.call(form.recipient.options, function (option) { return option.value === String(recipient); });
    return options.length ? options[0].textContent : String(recipient);
  }
  function listen(event) {
    if (listening[event]) { return listening[event]; }
    var live = new window.LiveMessage(event, function (data, from) { tell(name(from) + " · " + event + ": " + words(data)); });
    live.setSendSuccessHandler(function (recipient, data) { tell("to " + name(recipient) + " · " + event + ": " + words(data), "out"); });
    live.setSendErrorHandler(function (code, message, recipient) { tell("not sent to " + name(recipient) + ": " + code + " " + message, "bad"); });
    live.setShutdownHandler(function () { tell("Live messages have stopped. You may want to load this page again.", "bad"); });
    live.setRestartHandler(function () { tell("Live messages work again."); });
    listening[event] = live;
    return live;
  }
  listen(form.event_name.value);
  form.event_name.addEventListener("change", function () { listen(form.event_name.value); });
  form.addEventListener("submit", function (event) {
    event.preventDefault();
    listen(form.event_name.value).send(form.recipient.value, { text: form.message.value });
    form.message.value = "";
    form.message.focus();
  });
  log.hidden = false;
})();
