// What a person can fill in on this page, as data: one entry a control, one a group of radio buttons or checkboxes.
() => {
  const words = (element) => (element ? element.textContent : "").replace(/\s+/g, " ").trim();
  const named = (element) =>
    (element.getAttribute("aria-labelledby") || "")
      .split(/\s+/)
      .filter(Boolean)
      .map((id) => words(document.getElementById(id)))
      .join(" ");
  const label = (element) =>
    named(element) || element.getAttribute("aria-label") || words(element.labels && element.labels[0]) || "";
  const group = (element) => {
    const box = element.closest("fieldset, [role=group], [role=radiogroup]");
    return box ? named(box) || box.getAttribute("aria-label") || words(box.querySelector("legend")) : "";
  };
  const skipped = ["hidden", "submit", "button", "reset", "image", "file"];
  const forms = [...document.forms];
  const found = new Map();
  const controls = [...document.querySelectorAll("input, select, textarea")];
  controls.forEach((element, index) => {
    const type = element.tagName === "INPUT" ? element.type : element.tagName.toLowerCase();
    if (skipped.includes(type) || element.disabled) return;
    element.setAttribute("data-bridge", String(index));
    const many = type === "radio" || type === "checkbox";
    const form = forms.indexOf(element.form);
    const key = many && element.name ? `${form}/${type}/${element.name}` : `${form}/${index}`;
    const entry = found.get(key) || {
      name: element.name || "",
      id: many ? "" : element.id || "",
      label: many ? group(element) || label(element) : label(element),
      type,
      form,
      required: false,
      readOnly: Boolean(element.readOnly),
      maxLength: element.maxLength > 0 ? element.maxLength : null,
      handle: String(index),
      options: [],
    };
    entry.required = entry.required || element.required || element.getAttribute("aria-required") === "true";
    if (many) entry.options.push({ handle: String(index), value: element.value, label: label(element) });
    if (type === "select")
      entry.options = [...element.options].map((one) => ({ handle: "", value: one.value, label: words(one) }));
    found.set(key, entry);
  });
  return [...found.values()];
};
