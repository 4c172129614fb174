// The forms of the index page: each one is one call of the control API, then the page is read again.

for (const form of document.querySelectorAll("form[data-call]")) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const fields = new FormData(form);
    const { call, ...known } = form.dataset;
    const given = Object.fromEntries(
      [...fields].map(([name, value]) => [name, call === "faults" ? Number(value) : value]),
    );
    const answer = await fetch(`/simulator/control/${call}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ ...known, ...given }),
    });
    if (answer.ok) location.reload();
  });
}
