// Menus are <details>: they close when one presses Escape or anywhere else.
const OPEN = "details.menu[open], details.more[open]";

export function startMenus() {
  document.addEventListener("click", (event) => {
    document.querySelectorAll(OPEN).forEach((menu) => {
      if (!menu.contains(event.target)) menu.open = false;
    });
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    document.querySelectorAll(OPEN).forEach((menu) => {
      menu.open = false;
      menu.querySelector("summary").focus();
    });
  });
}
