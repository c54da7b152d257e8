/** What is on the air and nobody's: phones, laptops, tags, televisions, and companies that sell no sensors. */

const POOL = 4_096;
const AT = { ms: 0, trusted: true };
const APPLE = 0x004c;
const MICROSOFT = 0x0006;
/** Types of Apple's messages, and how long they are: handoff, nearby, AirPods, find my, AirDrop. */
const APPLE_TYPES = [
  [0x0c, 16],
  [0x10, 7],
  [0x07, 27],
  [0x12, 27],
  [0x05, 20],
  [0x09, 8],
];
/** Fast pairing, Eddystone's cousins of Google, exposure notifications, tags of others. */
const SERVICES = ["fe9f", "fef3", "fd6f", "fd5a", "fcf1", "fe2c"];
const NAMES = ["iPhone", "[TV] Samsung 7 Series (55)", "JBL Flip 5", "Pixel 8", "LE-Bose QC35", "Galaxy Watch4 (AB12)"];

/** Repeats itself from run to run. */
function random() {
  let state = 7;
  return (limit) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** Strings of each advert are its own, as from a radio. */
export function strangers() {
  const below = random();
  const bytes = (length) => Uint8Array.from({ length }, () => below(256));
  const hex = () => below(256).toString(16).padStart(2, "0").toUpperCase();
  return Array.from({ length: POOL }, () => {
    const source = Array.from({ length: 6 }, hex).join(":");
    return {
      source,
      at: AT,
      rssi: -60 - below(40),
      payload: { ...EMPTY, ...KINDS[below(KINDS.length)](below, bytes) },
    };
  });
}

const EMPTY = { kind: "advert", manufacturer: [], services: new Map(), serviceUuids: [] };

const full = (short) => ["0000", short, "-0000-1000-8000-00805f9b34fb"].join("");

const KINDS = [
  apple,
  apple,
  apple,
  (_below, bytes) => ({ manufacturer: [[MICROSOFT, Uint8Array.of(0x01, 0x09, 0x20, ...bytes(24))]] }),
  (below, bytes) => {
    const uuid = full(SERVICES[below(SERVICES.length)]);
    return { services: new Map([[uuid, bytes(20)]]), serviceUuids: [uuid] };
  },
  // Beyond what the Bluetooth SIG has given away.
  (below, bytes) => ({ manufacturer: [[0x2000 + below(0x1000), bytes(8 + below(16))]] }),
  (below) => ({ name: [NAMES[below(NAMES.length)], below(9)].join(" ") }),
  () => ({}),
];

function apple(below, bytes) {
  const [type, length] = APPLE_TYPES[below(APPLE_TYPES.length)];
  return { manufacturer: [[APPLE, Uint8Array.of(type, length, ...bytes(length))]] };
}
