// SPDX-License-Identifier: MIT
// Elements. Text gets into the page through textContent alone.

// el("p", {class: "message", title: name}, "text", child, ...): attributes that are null or false are left out.
export const el = (tag, attributes = {}, ...children) => {
	const element = document.createElement(tag);

	for (const [name, value] of Object.entries(attributes))
		if (value !== null && value !== false)
			element.setAttribute(name, value === true ? "" : String(value));
	element.append(...children);
	return element;
};

// Only what differs is written: no work for the browser, nothing said twice by a screen reader.
export const setText = (element, text) => {
	if (element.textContent !== text)
		element.textContent = text;
};

export const setAttribute = (element, name, value) => {
	if (value === null)
		element.removeAttribute(name);
	else if (element.getAttribute(name) !== String(value))
		element.setAttribute(name, String(value));
};

export const show = (element, shown) => {
	if (element.hidden === shown)
		element.hidden = !shown;
};

// Put elements into a parent in this order, moving as few as possible.
export const arrange = (parent, elements) => {
	const wanted = new Set(elements);
	let at;

	for (const child of [...parent.children])
		if (!wanted.has(child))
			child.remove();
	at = parent.firstElementChild;
	for (const element of elements) {
		if (element === at)
			at = at.nextElementSibling;
		else
			parent.insertBefore(element, at);
	}
};

let ids = 0;
export const uniqueId = (prefix) => `${prefix}-${++ids}`;
