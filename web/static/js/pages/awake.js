// Keeps the screen of a telephone on while something must not stop; gives what ends it.
export function stayAwake() {
  const lock = navigator.wakeLock?.request("screen").catch(() => null);
  return () => lock?.then((held) => held?.release());
}
