// A button on each block of code that copies it.
for (const block of navigator.clipboard ? document.querySelectorAll("pre.code") : []) { // https alone has one
  const frame = document.createElement("div");
  const button = document.createElement("button");
  frame.className = "framed";
  button.className = "copy";
  button.type = "button";
  button.textContent = "Copy";
  block.replaceWith(frame);
  frame.append(block, button);
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(block.textContent.trimEnd());
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
}
