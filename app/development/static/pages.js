// Copies codes, shows times in the reader's zone, and shows new mails as they come.
const announce = (text) => { document.getElementById("status").textContent = text; };

for (const button of document.querySelectorAll("[data-copy]")) {
  const label = button.textContent;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(button.dataset.copy);
      button.textContent = "Copied";
      announce("Copied");
    } catch {
      window.prompt("Copy this:", button.dataset.copy);
    }
    setTimeout(() => { button.textContent = label; }, 2000);
  });
}

for (const time of document.querySelectorAll("time")) {
  time.title = time.textContent;
  time.textContent = new Date(time.dateTime).toLocaleString();
}

const list = document.querySelector("[data-newest]");
if (list) {
  setInterval(async () => {
    if (document.hidden) return;
    try {
      const [newest] = await (await fetch("/mail.json?count=1")).json();
      if (newest && newest.id !== list.dataset.newest) location.reload();
    } catch {
      // The service is restarting.
    }
  }, 2000);
}
