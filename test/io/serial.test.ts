import { describe, expect, it } from "vitest";
import { deviceExists, type SerialLine, serialLines } from "../../src/io/serial.ts";
import { FakeClock, settle } from "../support/fake-clock.ts";
import { type FakePort, FakeSerialDriver } from "../support/fake-serial.ts";

const PATH = "/dev/ttyTEST";

interface Stage {
  readonly clock: FakeClock;
  readonly driver: FakeSerialDriver;
  readonly open: () => Promise<SerialLine>;
  readonly port: () => FakePort;
}

function stage(): Stage {
  const clock = new FakeClock();
  const driver = new FakeSerialDriver();
  const open = serialLines(clock, driver);
  return {
    clock,
    driver,
    open: () => open({ path: PATH, baud: 9_600 }),
    port: () => driver.ports.at(-1)!,
  };
}

const failing = (code: string, message = code) => Object.assign(new Error(message), { code });

describe("a serial line", () => {
  it("hears what comes, and settles writes when they have left", async () => {
    const { open, port } = stage();
    const line = await open();
    const heard: string[] = [];
    line.onData((chunk) => heard.push(new TextDecoder().decode(chunk)));
    port().emit("data", Buffer.from("23.5\n"));
    await line.write(Uint8Array.of(1, 2));
    expect(heard).toEqual(["23.5\n"]);
    expect(port().written).toEqual([Uint8Array.of(1, 2)]);
  });

  it("is listened to for data and errors from the first moment: else it would not notice its end", async () => {
    const { driver, open } = stage();
    const listeners: number[] = [];
    driver.prepare = (port) => {
      const reallyOpen = port.open.bind(port);
      port.open = (callback) => {
        listeners.push(port.listenerCount("data"), port.listenerCount("error"));
        reallyOpen(callback);
      };
    };
    await open();
    expect(listeners).toEqual([1, 1]);
  });

  it("gets a fresh port object for each opening", async () => {
    const { driver, open } = stage();
    await (await open()).close();
    await open();
    expect(driver.ports).toHaveLength(2);
    expect(driver.ports[0]).not.toBe(driver.ports[1]);
  });

  it.each([
    [new Error("Error Resource temporarily unavailable Cannot lock port"), /in use by another program/],
    [failing("ENOENT", "Error: No such file or directory, cannot open /dev/ttyTEST"), /is not there.*plugged in/],
    [failing("EACCES", "Error: Permission denied, cannot open /dev/ttyTEST"), /permission.*dialout/],
    [new Error("Error: Inappropriate ioctl"), /ttyTEST: Error: Inappropriate/],
  ])("that cannot be opened says why in words: %s", async (error, words) => {
    const { driver, open } = stage();
    driver.prepare = (port) => (port.openError = error);
    await expect(open()).rejects.toThrow(words);
  });

  it("tells its end once, however often the port does", async () => {
    const { open, port } = stage();
    const line = await open();
    const reasons: string[] = [];
    line.onClose((reason) => reasons.push(reason));
    port().emit("error", new Error("write EIO"));
    port().emit("close", new Error("disconnected"));
    port().emit("close");
    await settle();
    expect(reasons).toEqual(["write EIO"]);
    expect(line.isOpen).toBe(false);
  });

  it("knows an unplugged device from a closed port", async () => {
    const { open, port } = stage();
    const reasons: string[] = [];
    for (const error of [new Error("Disconnected"), null]) {
      (await open()).onClose((reason) => reasons.push(reason));
      port().emit("close", error);
    }
    expect(reasons).toEqual(["the device was unplugged", "the port was closed"]);
  });

  it("notices within seconds that its path is gone, though the port says nothing", async () => {
    const { clock, driver, open, port } = stage();
    const line = await open();
    const reasons: string[] = [];
    line.onClose((reason) => reasons.push(reason));
    await clock.advance(60_000);
    expect(reasons).toEqual([]);
    driver.present = false;
    await clock.advance(2_100);
    expect(reasons).toEqual(["the device was unplugged"]);
    expect(port().isOpen).toBe(false);
  });

  it("closes quietly, twice if need be, and looks for its path no more", async () => {
    const { clock, driver, open } = stage();
    const line = await open();
    const reasons: string[] = [];
    line.onClose((reason) => reasons.push(reason));
    await line.close();
    await line.close();
    driver.present = false;
    await clock.advance(60_000);
    expect(reasons).toEqual([]);
  });

  it("does not take what it cannot write", async () => {
    const { open, port } = stage();
    const line = await open();
    port().writeError = new Error("write EIO");
    await expect(line.write(Uint8Array.of(1))).rejects.toThrow("write EIO");
    await line.close();
    await expect(line.write(Uint8Array.of(1))).rejects.toThrow(/is closed/);
  });

  it("through the real driver says that a device is not there", async () => {
    expect(await deviceExists("/dev/no-such-device")).toBe(false);
    expect(await deviceExists("/dev/null")).toBe(true);
    const open = serialLines(new FakeClock());
    await expect(open({ path: "/dev/no-such-device", baud: 9_600 })).rejects.toThrow(/is not there/);
  });
});
