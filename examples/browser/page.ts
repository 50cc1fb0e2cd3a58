/** The page: what is given, what is to become of it, how far that is, and what it has become. */
import { chosenFiles, droppedFiles } from "./given.ts";
import type { Built, Given, Order, Telling, Told } from "./messages.ts";

const at = <E extends HTMLElement>(id: string) => document.getElementById(id) as E;

const drop = at("drop");
const [files, folder] = [at<HTMLInputElement>("files"), at<HTMLInputElement>("folder")];
const image = at<HTMLSelectElement>("image");
const [build, stop] = [at<HTMLButtonElement>("build"), at<HTMLButtonElement>("stop")];
const progress = at<HTMLProgressElement>("progress");

/** What stages are called. */
const STAGES: Readonly<Record<string, string>> = {
  walk: "Reading names",
  compare: "Comparing files",
  compress: "Compressing",
  write: "Writing",
};

let given: readonly Given[] = [];
let isReady = false;
let isRunning = false;
let link: string | undefined;

// the script of the worker is in the page, which so can be one file, opened from a disk
const code = JSON.parse(at("worker").textContent ?? "") as string;
const worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
worker.onmessage = ({ data }: MessageEvent<Telling>) => hear(data);
worker.onerror = ({ message }) => fail(message);

const order = (told: Told) => worker.postMessage(told);
const say = (text: string) => {
  at("status").textContent = text;
};

function hear(telling: Telling): void {
  if (telling.kind === "failed") fail(telling.message);
  else if (telling.kind === "built") showBuilt(telling.built);
  else if (telling.kind === "progress") showProgress(telling);
  else {
    offer("EROFS", "erofs", telling.algorithms);
    offer("SquashFS", "squashfs", telling.compressors);
    isReady = true;
    show();
  }
}

function showProgress({ stage, done, total }: Extract<Telling, { kind: "progress" }>): void {
  if (total === undefined) progress.removeAttribute("value");
  else progress.value = total === 0 ? 1 : done / total;
  say(`${STAGES[stage] ?? stage} …`);
}

function offer(label: string, format: string, compressors: readonly string[]): void {
  const group = document.createElement("optgroup");
  group.label = label;
  group.append(new Option(`${label}, not compressed`, `${format} `));
  for (const name of compressors) group.append(new Option(`${label}, ${name}`, `${format} ${name}`));
  image.append(group);
}

function take(taken: readonly Given[]): void {
  given = taken;
  const found = given.flatMap(({ file }) => file ?? []);
  const bytes = found.reduce((sum, { size }) => sum + size, 0);
  at("given").textContent = `${found.length === 1 ? found[0]!.name : `${found.length} files`}, ${showBytes(bytes)}`;
  at("built").hidden = true;
  say("");
  show();
}

/** What can be done now. */
function show(): void {
  build.disabled = !isReady || isRunning || given.length === 0;
  stop.disabled = !isRunning;
  progress.hidden = !isRunning;
  for (const control of [files, folder, image, at<HTMLInputElement>("times")]) control.disabled = isRunning;
}

function end(text: string): void {
  isRunning = false;
  const hadFocus = document.activeElement === stop;
  at("status").classList.remove("failed");
  say(text);
  show();
  if (hadFocus) build.focus();
}

function fail(message: string): void {
  end(message);
  at("status").classList.add("failed");
}

function showBuilt({ image, name, sha256, kernel, usage }: Built): void {
  end("The image is built.");
  if (link) URL.revokeObjectURL(link);
  link = URL.createObjectURL(image);
  const download = at<HTMLAnchorElement>("download");
  download.href = link;
  download.download = name;
  download.textContent = `Save ${name}`;
  at("bytes").textContent = `${image.size} (${showBytes(image.size)})`;
  at("sha256").textContent = sha256;
  at("kernel").textContent = `${kernel} and newer`;
  at<HTMLIFrameElement>("usage").srcdoc = usage;
  at("built").hidden = false;
}

function showBytes(bytes: number): string {
  const units = ["bytes", "KiB", "MiB", "GiB"];
  const unit = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(1, bytes)) / 10));
  return `${(bytes / 1024 ** unit).toFixed(unit === 0 ? 0 : 1)} ${units[unit]}`;
}

for (const input of [files, folder]) {
  input.addEventListener("change", () => {
    if (input.files && input.files.length > 0) take(chosenFiles(input.files));
  });
}
// anywhere on the page: a file that misses would be opened in its place
for (const type of ["dragover", "dragleave", "drop"] as const) {
  document.addEventListener(type, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", type === "dragover");
    if (type !== "drop" || isRunning || !event.dataTransfer) return;
    droppedFiles(event.dataTransfer.items).then(take, (error: unknown) => fail(String(error)));
  });
}
at<HTMLFormElement>("options").addEventListener("submit", (event) => {
  event.preventDefault();
  const [format, compressor] = image.value.split(" ") as [Order["format"], string];
  isRunning = true;
  at("built").hidden = true;
  progress.removeAttribute("value");
  const hadFocus = document.activeElement === build;
  show();
  // a button that can do nothing would lose it
  if (hadFocus) stop.focus();
  const fixesTimes = at<HTMLInputElement>("times").checked;
  order({ given, format, compressor: compressor || undefined, fixesTimes });
});
stop.addEventListener("click", () => order("stop"));
