// One element for what is fetched before it sounds. A telephone lets an element sound later, and again, only when a
// press has touched it: call touch() while the press is being handled.
export const voice = new Audio();

export function touch() {
  voice.removeAttribute("src");
  voice.load();
}
