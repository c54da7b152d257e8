/** Prints how many endpoints of a running Isthmus are registered: for the smoke test of `npm start`. */

const answer = await fetch(new URL("/api/sensors", process.argv[2]), { signal: AbortSignal.timeout(2_000) });
const sensors = await answer.json();
console.log(sensors.filter((sensor) => sensor.source && sensor.registration.state === "registered").length);
