// The page of the demonstration: it logs in, sends requests whole and broken, and
// shows what comes back.

const $ = (id) => document.getElementById(id);
const form = $("form");

let bearer = ""; // the token, if it travels in the Authorization header; a cookie is out of reach
let session; // what the service says of the token, and when it ends
let clock;
let sent = 0;

const words = {
	header: {
		alg: "the algorithm that signed it; the service takes no other",
		typ: "what kind of token it is",
	},
	claims: {
		sub: "subject: whose token it is",
		aud: "audience: whom it is for",
		exp: "expiration: from then on it is refused",
		nbf: "not before: until then it is refused",
		iat: "issued at: when it was made",
		iss: "issuer: who made it",
		jti: "the token’s own id",
	},
	me: {
		id: "the same as the token’s sub",
		email: "the name you logged in with",
	},
};

const cases = {
	good: ["A good request", "The token as it is."],
	changed: ["One byte changed", "The first byte of the signature is another."],
	expired: ["An expired token", "Signed by the service; it ended an hour ago."],
	none: ["alg: none", "A header that says “not signed”, and no signature."],
	other: ["From another origin", "Another port of this host is another origin. Its page posts to this service."],
	down: ["The database is down", "The token is good, and nobody can look the user up."],
};

// Requests

function call(method, path) {
	const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
	return fetch(path, { method, headers, credentials: bearer ? "omit" : "same-origin", cache: "no-store" });
}

async function logIn() {
	const by = form.elements.by.value;
	const fields = new URLSearchParams({ username: form.elements.username.value, password: form.elements.password.value });
	const answer = await fetch(`/auth/${by}/login`, { method: "POST", body: fields });
	if (!answer.ok) {
		const { detail } = await answer.json();
		return refuse(detail === "LOGIN_BAD_CREDENTIALS" ? "The user name or the password is wrong." : `${answer.status}: ${detail}`);
	}
	bearer = by === "jwt" ? (await answer.json()).access_token : "";
	if (!(await open())) {
		return refuse("The browser did not keep the cookie: it is Secure, and this page came over plain http.");
	}
	$("session-title").focus();
	say(`Logged in: ${answer.status}.`, "heard");
}

// open shows the session, if there is one.
async function open() {
	const answer = await call("POST", "/demo/session");
	if (!answer.ok) {
		return false;
	}
	const me = await call("GET", "/users/me");
	session = await answer.json();
	session.end = Date.now() + 1000 * session.left;
	list("me", await me.json());
	list("header", session.header);
	list("claims", session.claims);
	$("by").textContent = bearer
		? "By bearer token: this page holds it in its memory. Reload the page, and it is gone."
		: "By cookie: no script can read it, so the service took the token apart for this page.";
	for (const cell of $("cases").querySelectorAll("td")) {
		cell.replaceChildren();
	}
	show(true);
	return true;
}

async function logOut() {
	const answer = await call("POST", bearer ? "/auth/jwt/logout" : "/auth/cookie/logout");
	if (!answer.ok) {
		return say(`Not logged out: ${answer.status}.`);
	}
	close();
	const kept = bearer ? "This page has forgotten the token." : "The cookie is cleared.";
	bearer = "";
	say(`Logged out: ${answer.status}. ${kept} A copy of it would be good until it expires.`);
}

async function send(name) {
	const [status, challenge, why] = $(`case-${name}`).querySelectorAll("td");
	const id = `${session.key}-${Date.now()}-${++sent}`;
	const answer = name === "other" ? await sendFromOther(id) : await call("GET", `/users/me?demo=${id}&case=${name}`);
	const log = await (await call("POST", `/demo/reason?demo=${id}`)).json();
	const code = answer ? answer.status : log.status;
	status.replaceChildren(badge(code));
	challenge.textContent = answer ? challenges(answer) : "(a script of another origin cannot read the answer)";
	why.textContent = log.reason || "nothing: it was let in";
	say(`${cases[name][0]}: ${code}, ${log.reason || "let in"}`, "heard");
}

// challenges returns one a line; fetch joins the headers with commas.
function challenges(answer) {
	return answer.headers.get("WWW-Authenticate")?.replace(/, (?=[A-Za-z]+ )/g, "\n") ?? "none";
}

// sendFromOther has a page of the other origin send a request. It learns nothing
// of the answer, and so nothing is returned.
function sendFromOther(id) {
	const origin = `${location.protocol}//${location.hostname}:${session.port}`;
	const frame = document.createElement("iframe");
	frame.hidden = true;
	frame.src = `${origin}/`;
	return new Promise((resolve, reject) => {
		frame.onload = () => {
			const { port1, port2 } = new MessageChannel();
			port1.onmessage = () => resolve();
			frame.contentWindow.postMessage(id, origin, [port2]);
		};
		setTimeout(reject, 10000, new Error(`${origin} does not answer`));
		document.body.append(frame);
	}).finally(() => frame.remove());
}

// What is shown

function show(loggedIn) {
	$("login").hidden = loggedIn;
	$("session").hidden = !loggedIn;
	$("refused").textContent = "";
	clearInterval(clock);
	if (loggedIn) {
		$("session-title").textContent = "You are logged in";
		$("bar").hidden = $("logout").hidden = false;
		$("again").hidden = true;
		$("left").className = "";
		clock = setInterval(tick, 200);
		tick();
	}
}

function close() {
	show(false);
	$("login-title").focus();
}

function tick() {
	const left = (session.end - Date.now()) / 1000;
	$("bar").max = session.lifetime;
	$("bar").value = Math.max(left, 0);
	$("left").textContent = `${duration(left)} left`;
	if (left > 0) {
		return;
	}
	clearInterval(clock);
	$("session-title").textContent = "You were logged in";
	const focused = document.activeElement === $("logout");
	$("bar").hidden = $("logout").hidden = true;
	$("again").hidden = false;
	if (focused) {
		$("again").focus();
	}
	$("left").className = "expired";
	$("left").textContent = "Expired: log in again";
	say("The token has expired: log in again. You can still send it.");
}

function duration(seconds) {
	const whole = Math.ceil(seconds);
	const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
	const units = ["h", "min", "s"];
	return parts.map((n, i) => (n ? `${n} ${units[i]}` : "")).filter(Boolean).join(" ");
}

function list(name, members) {
	$(name).replaceChildren(
		...Object.entries(members).map(([key, value]) => {
			const row = document.createElement("div");
			const [term, text, word] = ["dt", "dd", "dd"].map((tag) => document.createElement(tag));
			term.textContent = key;
			text.textContent = typeof value === "string" ? value : JSON.stringify(value);
			if (["exp", "nbf", "iat"].includes(key)) {
				text.textContent += ` (${new Date(1000 * value).toLocaleTimeString()})`;
			}
			word.textContent = words[name][key] ?? "";
			word.className = "quiet";
			row.append(term, text, ...(word.textContent ? [word] : []));
			return row;
		}),
	);
}

function badge(status) {
	const mark = document.createElement("strong");
	mark.textContent = status;
	mark.className = status < 400 ? "good" : status < 500 ? "refused" : "failed";
	return mark;
}

// say tells what happened: to the ear alone ("heard") where the eye sees it anyway.
function say(text, how = "") {
	$("news").className = how;
	$("news").textContent = text;
}

function refuse(text) {
	$("refused").textContent = text;
}

// run does what a button is for, and says so if the service is gone.
function run(action) {
	return () => action().catch((error) => say(`The service does not answer (${error.message}). Is it still running?`));
}

// fill takes the user name and the password from the link that the service
// printed, and keeps them out of the browser's history.
function fill() {
	const given = new URLSearchParams(location.hash.slice(1));
	for (const [name, value] of given) {
		if (name === "username" || name === "password") {
			form.elements[name].value = value;
		}
	}
	history.replaceState(null, "", location.pathname);
}

for (const [name, [title, hint]] of Object.entries(cases)) {
	const row = $("case").content.firstElementChild.cloneNode(true);
	row.id = `case-${name}`;
	const button = row.querySelector("button");
	button.textContent = title;
	button.onclick = run(() => send(name));
	row.querySelector("small").textContent = hint;
	$("cases").append(row);
}
$("all").onclick = run(async () => {
	for (const name of Object.keys(cases)) {
		await send(name);
	}
	say("All of them are sent.", "heard");
});
form.onsubmit = (event) => {
	event.preventDefault();
	run(logIn)();
};
$("logout").onclick = run(logOut);
$("again").onclick = close;
addEventListener("hashchange", fill);
fill();
run(open)();
