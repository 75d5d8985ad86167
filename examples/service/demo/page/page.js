// The page of the demonstration: it logs in, sends requests whole and broken,
// refreshes and ends the session, and shows what comes back.

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

// call sends the token: the header goes before a cookie. The cookies of the
// demonstration go along, which hold copies of tokens.
function call(method, path) {
	const headers = bearer ? { Authorization: `Bearer ${bearer}` } : {};
	return fetch(path, { method, headers, credentials: "same-origin", cache: "no-store" });
}

// ask sends a request that the service may tamper with, and returns the answer and
// what the log says of it.
async function ask(method, path, wanted = "", sendIt = call) {
	const id = `${session.key}-${Date.now()}-${++sent}`;
	const answer = await sendIt(method, `${path}?demo=${id}&case=${wanted}`, id);
	const log = await (await call("POST", `/demo/reason?demo=${id}`)).json();
	return {
		ok: answer?.ok,
		status: answer ? answer.status : log.status,
		challenge: answer ? challenges(answer) : "(a script of another origin cannot read the answer)",
		reason: log.reason,
	};
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
	$("everywhere").hidden = !session.sessions;
	$("refreshing").hidden = !session.sessions || bearer !== "";
	$("by").textContent = bearer
		? "By bearer token: this page holds it in its memory. Reload the page, and it is gone."
		: "By cookie: no script can read it, so the service took the token apart for this page.";
	show(true);
	return true;
}

// logOut ends the token, and sends a copy of it once more.
async function logOut() {
	const answer = await ask("POST", bearer ? "/auth/jwt/logout" : "/auth/cookie/logout", "keep");
	if (!answer.ok) {
		return say(`Not logged out: ${answer.status}.`);
	}
	forget(bearer ? "This page has forgotten its token." : "The cookie is cleared.");
	step("ended", "Log out", "With the token, of which a copy is kept.", answer);
	const again = await ask("GET", "/users/me", "access");
	step("ended", "The same token, once more", "The copy, as a thief would send it.", again);
	if (again.ok) {
		$("ended-note").textContent += " The service runs with -sessions=false: a copy of the token is good until it expires.";
	}
	say(`Logged out: ${answer.status}. The same token, once more: ${again.status}.`);
}

// logOutEverywhere ends all tokens of the user: that of this page, and one that
// another device has.
async function logOutEverywhere() {
	const device = await ask("POST", "/demo/device");
	const before = await ask("GET", "/users/me", "device");
	const answer = await ask("POST", "/auth/logout-everywhere", "keep");
	if (!answer.ok) {
		return say(`Not logged out: ${answer.status}.`);
	}
	forget("All tokens that you had are ended. Log in again: the new token is good at once.");
	step("ended", "Another device logs in", "As the same user. The demonstration does it for you.", device);
	step("ended", "The other device asks who it is", "With its own token.", before);
	step("ended", "Log out everywhere", "From this page.", answer);
	step("ended", "The token of this page, once more", "A copy of it.", await ask("GET", "/users/me", "access"));
	const after = await ask("GET", "/users/me", "device");
	step("ended", "The other device, once more", "With the token that was good before.", after);
	say(`Logged out everywhere: ${answer.status}. The other device, once more: ${after.status}.`);
}

// forget shows the log-in, with a clean list of what is sent.
function forget(note) {
	bearer = "";
	close();
	$("ended-steps").replaceChildren();
	$("ended-note").textContent = note;
	$("ended").hidden = false;
}

// refresh gets new tokens, and shows the claims of the new one.
async function refresh() {
	const before = session.claims;
	const answer = await ask("POST", "/auth/refresh");
	$("refreshed-steps").replaceChildren();
	if (!answer.ok) {
		step("refreshed", "Refresh", "With the refresh token of the cookie.", answer);
		return say(`Not refreshed: ${answer.status}, ${answer.reason}`, "heard");
	}
	await open();
	const after = session.claims;
	step("refreshed", "Refresh", `The id (jti) of the access token was ${before.jti}, and is ${after.jti}. It was good until ${time(before.exp)}, and is now until ${time(after.exp)}.`, answer);
	say(`Refreshed: ${answer.status}.`, "heard");
}

// reuse refreshes twice, and then comes with the first refresh token again. Once a
// later one is used, no grace is left for it.
async function reuse() {
	$("refreshed-steps").replaceChildren();
	const requests = [
		["keep", "Refresh", "With the first refresh token, of which a copy is kept."],
		["", "Refresh", "With the second one."],
		["refresh", "The first refresh token, once more", "The copy, as a thief would send it. The service logs a warning."],
		["", "Refresh", "With the third one, which nobody has used: the session is ended for both."],
	];
	let answer;
	for (const [wanted, title, hint] of requests) {
		answer = await ask("POST", "/auth/refresh", wanted);
		step("refreshed", title, hint, answer);
	}
	await open();
	step("refreshed", "A request", "With the last access token: it is good until it expires, or you log out.", await ask("GET", "/users/me"));
	say(`The session is ended: ${answer.status}, ${answer.reason}`, "heard");
}

// send sends the request of a case.
async function send(name) {
	const answer = await ask("GET", "/users/me", name, name === "other" ? sendFromOther : call);
	enter($(`case-${name}`), answer);
	say(`${cases[name][0]}: ${answer.status}, ${answer.reason || "let in"}`, "heard");
}

// challenges returns one a line; fetch joins the headers with commas.
function challenges(answer) {
	return answer.headers.get("WWW-Authenticate")?.replace(/, (?=[A-Za-z]+ )/g, "\n") ?? "none";
}

// sendFromOther has a page of the other origin send a request. It learns nothing
// of the answer, and so nothing is returned.
function sendFromOther(method, path, id) {
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
	$("ended").hidden = $("refreshed").hidden = true;
	for (const cell of $("cases").querySelectorAll("td")) {
		cell.replaceChildren();
	}
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
	const focused = [$("logout"), $("everywhere")].includes(document.activeElement);
	$("bar").hidden = $("logout").hidden = $("everywhere").hidden = true;
	$("again").hidden = false;
	if (focused) {
		$("again").focus();
	}
	$("left").className = "expired";
	const advice = $("refreshing").hidden ? "log in again" : "refresh it, or log in again";
	$("left").textContent = `Expired: ${advice}`;
	say(`The token has expired: ${advice}. You can still send it.`);
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
				text.textContent += ` (${time(value)})`;
			}
			word.textContent = words[name][key] ?? "";
			word.className = "quiet";
			row.append(term, text, ...(word.textContent ? [word] : []));
			return row;
		}),
	);
}

function time(seconds) {
	return new Date(1000 * seconds).toLocaleTimeString();
}

// newRow adds a row to a table of requests.
function newRow(table, title, hint) {
	const row = $("row").content.firstElementChild.cloneNode(true);
	row.querySelector("th").prepend(title);
	row.querySelector("small").textContent = hint;
	$(table).append(row);
	return row;
}

// enter enters an answer into its row.
function enter(row, answer) {
	const [status, challenge, why] = row.querySelectorAll("td");
	status.replaceChildren(badge(answer.status));
	challenge.textContent = answer.challenge;
	why.textContent = answer.reason || (answer.status === 204 ? "nothing: it was done" : "nothing: it was let in");
}

// step shows one of several requests in a row.
function step(list, title, hint, answer) {
	enter(newRow(`${list}-steps`, title, hint), answer);
	$(list).hidden = false;
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
	const button = document.createElement("button");
	button.type = "button";
	button.textContent = title;
	button.onclick = run(() => send(name));
	newRow("cases", button, hint).id = `case-${name}`;
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
$("everywhere").onclick = run(logOutEverywhere);
$("refresh").onclick = run(refresh);
$("reuse").onclick = run(reuse);
$("again").onclick = close;
addEventListener("hashchange", fill);
fill();
run(open)();
