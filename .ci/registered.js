/** Prints how many endpoints of a running Isthmus are registered: for the smoke test of `npm start`. */

const address = process.argv[2] ?? "http://127.0.0.1:8080";
const answer = await fetch(`${address}/api/sensors`, { signal: AbortSignal.timeout(2_000) });
const sensors = await answer.json();
console.log(sensors.filter((sensor) => sensor.source && sensor.registration.state === "registered").length);
