// SPDX-License-Identifier: MIT
// Who is signed in, in this tab: a token, pasted or handed over in the fragment of the address.

const KEY = "trackd-token";

const fromBase64url = (text) => {
	const bytes = Uint8Array.from(atob(text.replace(/-/g, "+").replace(/_/g, "/")), (c) => c.charCodeAt(0));
	return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
};

// What a token says of itself: {token, owner, expires}. Only the server can tell whether it is true. Throws words for people.
export const read = (token) => {
	let claims;
	try {
		const parts = token.split(".");
		if (parts.length !== 3 || !parts[2])
			throw new Error();
		fromBase64url(parts[0]);
		claims = fromBase64url(parts[1]);
	} catch {
		throw new Error("This token is incomplete. Copy all of it: three parts separated by dots.");
	}
	if (typeof claims?.sub !== "string" || !claims.sub)
		throw new Error("This token does not name a user. Ask for another one.");
	if (typeof claims.exp !== "number")
		throw new Error("This token never expires. Ask for one that expires.");
	if (claims.exp * 1000 <= Date.now())
		throw new Error("This token has expired. Ask for a new one.");
	return { token, owner: claims.sub, expires: claims.exp * 1000 };
};

// A private window may have no storage: then the token lives as long as the page.
let kept = null;

export const keep = (token) => {
	kept = token;
	try {
		sessionStorage.setItem(KEY, token);
	} catch { /* see above */ }
};

export const forget = () => {
	kept = null;
	try {
		sessionStorage.removeItem(KEY);
	} catch { /* see above */ }
};

export const current = () => {
	if (kept === null) {
		try {
			kept = sessionStorage.getItem(KEY);
		} catch { /* see above */ }
	}
	return kept;
};

// "Bearer TOKEN" and line ends come along when people copy.
export const tidy = (text) => text.trim().replace(/^Bearer\s+/i, "").replace(/\s+/g, "");

// Take #token=... out of the address, before anything else happens. True if there was one.
export const takeFromFragment = () => {
	const token = new URLSearchParams(location.hash.slice(1)).get("token");

	if (token === null)
		return false;
	history.replaceState(history.state, "", location.pathname + location.search);
	keep(tidy(token));
	return true;
};

export const arrivedWithToken = takeFromFragment();
