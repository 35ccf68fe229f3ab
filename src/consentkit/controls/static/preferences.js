// The preferences as a page of their own.
document.addEventListener("change", together);
