// At the foot of the pole: fills in where the phone stands, and makes a photograph small before it is sent.
const LONGEST = 1600; // pixels: enough to find a pole by
const QUALITY = 0.82;
const PRECISION = 6; // digits after the point: a tenth of a metre
const WAIT_MS = 20_000;

function startLocating(part) {
  if (!navigator.geolocation || !window.isSecureContext) return; // plain http: the browser tells nobody
  const status = part.querySelector("[data-locate-status]");
  const button = part.querySelector("[data-locate-button]");
  part.hidden = false;

  const end = (text) => {
    status.textContent = text;
    button.classList.remove("is-busy");
  };
  const found = ({ coords }) => {
    document.getElementById("latitude").value = coords.latitude.toFixed(PRECISION);
    document.getElementById("longitude").value = coords.longitude.toFixed(PRECISION);
    end(status.dataset.found.replace("{m}", Math.round(coords.accuracy)));
  };
  button.addEventListener("click", () => {
    button.classList.add("is-busy");
    status.textContent = status.dataset.asking;
    const options = { enableHighAccuracy: true, timeout: WAIT_MS, maximumAge: 0 };
    navigator.geolocation.getCurrentPosition(found, () => end(status.dataset.refused), options);
  });
}

// Drawn anew it lies the right way up, and nothing that the phone wrote beside the picture is left in it.
async function shrink(file, canvas) {
  const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
  const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height));
  canvas.width = Math.round(picture.width * scale);
  canvas.height = Math.round(picture.height * scale);
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  canvas.hidden = false;
  return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", QUALITY));
}

async function replacePhoto(input) {
  const canvas = document.getElementById(input.dataset.photo);
  const file = input.files[0];
  if (!file) {
    canvas.hidden = true;
    return;
  }
  try {
    const small = await shrink(file, canvas);
    const files = new DataTransfer();
    files.items.add(new File([small], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }));
    input.files = files.files;
  } catch {
    canvas.hidden = true; // the server judges what this browser cannot read
  }
}

document.querySelectorAll("[data-locate]").forEach(startLocating);
document.addEventListener("change", (event) => {
  if (event.target.matches("[data-photo]")) replacePhoto(event.target);
});
