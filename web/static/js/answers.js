// What an answer that is no success says to people: the server's sentence, else that nothing came through.

// Its message is a sentence of the server.
export class Refusal extends Error {}

export const sentenceIn = (html) =>
  new DOMParser().parseFromString(html, "text/html").querySelector("[data-toast-text]")?.textContent ?? "";

export const wordsOf = (error) =>
  (error instanceof Refusal && error.message) || document.getElementById("failure-text").dataset.text;

// The answer to a form in the background; a refusal is thrown.
export async function ask(url, body) {
  const answer = await fetch(url, { method: "POST", body, headers: { "HX-Request": "true" } });
  if (!answer.ok) throw new Refusal(sentenceIn(await answer.text()));
  return answer;
}
