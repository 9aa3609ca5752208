// Sends a recording with progress, and tells what the server says of it; fetch cannot tell how much has left.

function reason(request) {
  const page = new DOMParser().parseFromString(request.responseText, "text/html");
  return page.querySelector("[data-toast-text]")?.textContent ?? "";
}

// onRefused gets the server's sentence, or '' when there was no answer.
export function sendRecording(url, file, values, { onShare, onDone, onRefused }) {
  const body = new FormData();
  for (const [name, value] of Object.entries(values)) body.append(name, value);
  body.append("file", file, file.name);
  const request = new XMLHttpRequest();
  request.open("POST", url);
  request.setRequestHeader("X-CSRFToken", document.querySelector('meta[name="csrf-token"]').content);
  request.setRequestHeader("HX-Request", "true"); // a refusal as a sentence, not as a page
  request.upload.addEventListener("progress", (event) => {
    if (event.lengthComputable) onShare(Math.floor((100 * event.loaded) / event.total));
  });
  request.addEventListener("load", () => {
    const signIn = request.getResponseHeader("HX-Redirect");
    if (request.status === 200) onDone(request.responseText);
    else if (signIn) location.assign(signIn);
    else onRefused(reason(request));
  });
  request.addEventListener("error", () => onRefused(""));
  request.send(body);
  return { abort: () => request.abort() };
}
