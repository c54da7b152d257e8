import { describe, expect, it } from "vitest";
import { fromHex, toHex } from "../../src/base/bytes.ts";
import { radios } from "../../src/io/hci.ts";
import { completionOf, featuresOf, quietly, statusInWords } from "../../src/io/hci-commands.ts";
import { H4Socket, H4Splitter } from "../../src/io/hci-h4.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeLine } from "../support/fake-serial.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { ad, legacyEvent, VirtualController } from "../support/virtual-controller.ts";

const RESET = "01030c00";

describe("H4 framing", () => {
  it("finds packets however the bytes arrive", () => {
    const stream = fromHex("040e0401030c00 02 0120 0300 aabbcc 043e0202ff 03 0100 01 ee");
    for (const size of [1, 2, 3, 5, 100]) {
      const splitter = new H4Splitter();
      const packets: string[] = [];
      for (let at = 0; at < stream.length; at += size)
        packets.push(...splitter.push(stream.subarray(at, at + size)).map((packet) => toHex(packet)));
      expect(packets).toEqual(["040e0401030c00", "0201200300aabbcc", "043e0202ff", "03010001ee"]);
      expect(splitter.skipped).toBe(0);
    }
  });

  it("skips bytes that begin no packet, and counts them", () => {
    const splitter = new H4Splitter();
    expect(splitter.push(fromHex("ffff00 040e0401030c00")).map((packet) => toHex(packet))).toEqual(["040e0401030c00"]);
    expect(splitter.skipped).toBe(3);
  });

  it("does not hold on to the chunk a packet came in", () => {
    const [packet] = new H4Splitter().push(Buffer.concat([fromHex("040e0401030c00"), Buffer.alloc(60_000, 0xff)]));
    expect(packet!.buffer.byteLength).toBeLessThan(16_000);
  });

  it("takes any noise without failing and without hoarding", () => {
    const random = new SeededRandom(9);
    const splitter = new H4Splitter();
    for (let i = 0; i < 20_000; i++) splitter.push(random.bytes(random.below(50)));
    // The longest packet is an ACL packet of 64 KiB; more can never wait.
    expect(splitter.skipped).toBeGreaterThan(1_000);
  });
});

describe("a controller on a serial line", () => {
  it("is reset first, and sent the next command only when it takes one (§4.4)", () => {
    const line = new FakeLine();
    const socket = new H4Socket(line);
    socket.bindRaw();
    socket.start();
    socket.write(Buffer.from("01032000", "hex"));
    socket.write(Buffer.from("01022000", "hex"));
    expect(line.writtenHex()).toEqual([RESET]);
    line.hear(fromHex("040e0401030c00"));
    expect(line.writtenHex()).toEqual([RESET, "01032000"]);
    line.hear(fromHex("040f04 00 00 0320"));
    expect(line.writtenHex()).toHaveLength(2);
    line.hear(fromHex("040f04 00 01 0000"));
    expect(line.writtenHex()).toEqual([RESET, "01032000", "01022000"]);
  });

  it("sends data at once", () => {
    const line = new FakeLine();
    const socket = new H4Socket(line);
    socket.bindRaw();
    socket.start();
    socket.write(Buffer.from("0240000100aa", "hex"));
    expect(line.writtenHex()).toEqual([RESET, "0240000100aa"]);
  });

  it("keeps no more commands waiting than it can ever need", () => {
    const line = new FakeLine();
    const socket = new H4Socket(line);
    socket.bindRaw();
    for (let i = 0; i < 1_000; i++) socket.write(Buffer.from("01032000", "hex"));
    for (let i = 0; i < 1_000; i++) line.hear(fromHex("040e0401032000"));
    expect(line.written.length).toBeLessThanOrEqual(66);
  });

  it("reports a line that breaks, and a write that fails", async () => {
    const line = new FakeLine();
    const socket = new H4Socket(line);
    const errors: string[] = [];
    socket.on("error", (error: Error) => errors.push(error.message));
    socket.bindRaw();
    line.failWrites = "no space";
    socket.write(Buffer.from("0240000100aa", "hex"));
    await new Promise((resolve) => setImmediate(resolve));
    line.unplug("the device was unplugged");
    expect(errors).toEqual(["no space", "the device was unplugged"]);
    expect(socket.isDevUp()).toBe(false);
  });

  it("hears adverts through noble's stack as any other", async () => {
    const clock = new FakeClock();
    const line = new FakeLine();
    const controller = new VirtualController();
    line.onWrite = (bytes) => controller.write(Buffer.from(bytes));
    controller.on("data", (packet: Buffer) => line.hear(packet));
    const openRadio = radios({ clock, random: new SeededRandom(1), openSerial: async () => line });
    const radio = openRadio({ device: "/dev/ttyTEST", baud: 115_200, silenceMs: 90_000 });
    const heard: string[] = [];
    radio.onAdvert(({ address }) => heard.push(address));
    for (let i = 0; i < 5; i++) {
      await clock.advance(0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(radio.health()).toEqual({ state: "ok" });
    expect(toHex(line.written[0]!)).toBe(RESET);
    controller.hear(legacyEvent({ address: "CB:B8:33:4C:88:4F", data: ad(0xff, "990405") }));
    expect(heard).toEqual(["CB:B8:33:4C:88:4F"]);
    await radio.close();
    expect(line.isOpen).toBe(false);
  });

  it("that cannot be opened is down with the line's own reason", async () => {
    const clock = new FakeClock();
    const openRadio = radios({
      clock,
      random: new SeededRandom(1),
      openSerial: () => Promise.reject(new Error("/dev/ttyTEST is not there: is the device plugged in?")),
    });
    const radio = openRadio({ device: "/dev/ttyTEST", baud: 115_200, silenceMs: 90_000 });
    await clock.advance(0);
    expect(JSON.stringify(radio.health())).toMatch(/down.*ttyTEST is not there/);
    await radio.close();
  });
});

describe("commands on their way to the controller", () => {
  const none = { extendedAdvertising: true, codedPhy: false };

  it("become passive, whatever kind of scan they set up (§7.8.10, §7.8.64)", () => {
    const legacy = Buffer.from("010b200701120012000000", "hex");
    expect(quietly(legacy, none)?.toString("hex")).toBe("010b200700120012000000");
    expect(legacy[4]).toBe(1);
    const extended = Buffer.from("0141200d00000501120012000112001200", "hex");
    expect(quietly(extended, none)?.toString("hex")).toBe("014120080000010012001200");
    expect(quietly(extended, { ...none, codedPhy: true })?.toString("hex")).toBe("0141200d00000500120012000012001200");
  });

  it("pass unchanged if they have nothing to do with scanning", () => {
    const acl = Buffer.from("0240000100aa", "hex");
    expect(quietly(acl, none)).toBe(acl);
    expect(quietly(Buffer.from(RESET, "hex"), none)?.toString("hex")).toBe(RESET);
  });

  it("do not ask for a PHY that is not there", () => {
    expect(quietly(Buffer.from("01312003000505", "hex"), none)).toBeUndefined();
  });
});

describe("answers of the controller", () => {
  it("tell which command they belong to, and how it ended", () => {
    expect(completionOf(fromHex("040e0501032012ff"))).toMatchObject({ opcode: 0x2003, status: 0x12 });
    expect(completionOf(fromHex("040f040c010d20"))).toMatchObject({ opcode: 0x200d, status: 0x0c });
    expect(completionOf(fromHex("043e0202ff"))).toBeUndefined();
    expect(completionOf(fromHex("040e"))).toBeUndefined();
  });

  it("tell what it can do; nothing, if the command failed", () => {
    const answer = (status: string, features: string) =>
      featuresOf(completionOf(fromHex(`040e0c010320${status}${features}`))!);
    expect(answer("00", "ff18000000000000")).toEqual({ extendedAdvertising: true, codedPhy: true });
    expect(answer("00", "ff10000000000000")).toEqual({ extendedAdvertising: true, codedPhy: false });
    expect(answer("01", "ffff000000000000")).toEqual({ extendedAdvertising: false, codedPhy: false });
  });

  it("have words for their reasons", () => {
    expect(statusInWords(0x0c)).toMatch(/^0x0c, command disallowed/);
    expect(statusInWords(0x77)).toMatch(/Part F/);
  });
});
