/** An endpoint that goes on by another way: what is asked and observed goes on with it. */

import { describe, expect, it } from "vitest";
import { silentLog } from "../../src/base/log.ts";
import { Code, Endpoint } from "../../src/coap/index.ts";
import { FakeClock } from "../support/fake-clock.ts";
import { FakeServer } from "../support/fake-server.ts";
import { SeededRandom } from "../support/seeded-random.ts";
import { wire } from "../support/virtual-network.ts";

async function opened() {
  const clock = new FakeClock();
  const [former, other] = [wire(), wire()];
  const endpoint = new Endpoint({ transport: former.near, clock, random: new SeededRandom(5), log: silentLog });
  await endpoint.open();
  let lost = 0;
  endpoint.onLost(() => (lost += 1));
  return { clock, endpoint, former, other, lost: () => lost };
}

describe("an endpoint whose transport is changed", () => {
  it("closes the former way before it opens the other, which may want its port", async () => {
    const { endpoint, former, other } = await opened();
    const open = other.near.open.bind(other.near);
    let wasOpen: boolean | undefined;
    other.near.open = () => {
      wasOpen = former.near.isOpen;
      return open();
    };
    await endpoint.change(other.near);
    expect(wasOpen).toBe(false);
    expect(other.near.isOpen).toBe(true);
  });

  it("sends again by the other way what was not answered on the former", async () => {
    const { clock, endpoint, former, other } = await opened();
    former.near.fate = () => "drop";
    const server = new FakeServer(other.far);
    const asked = endpoint.request({ code: Code.POST, path: ["rd"] });
    await clock.advance(100);
    await endpoint.change(other.near);
    await clock.advance(10_000);
    expect(await asked).toMatchObject({ status: "answered" });
    expect(server.log).toEqual(["POST /rd"]);
  });

  it("answers by the other way, and is deaf on the former", async () => {
    const { clock, endpoint, former, other } = await opened();
    endpoint.onRequest(() => ({ code: Code.Content }));
    const [before, after] = [new FakeServer(former.far), new FakeServer(other.far)];
    await endpoint.change(other.near);
    before.send("GET", { path: "/a" });
    await clock.advance(100);
    expect((await after.ask("GET", { path: "/a" })).code).toBe("2.05");
    expect(before.responses).toEqual([]);
  });

  it("does not mind what becomes of the former way, and does of the other", async () => {
    const { endpoint, former, other, lost } = await opened();
    await endpoint.change(other.near);
    former.near.fail("gone");
    expect(lost()).toBe(0);
    other.near.fail("gone too");
    expect(lost()).toBe(1);
  });

  it("says in the words of the other way that it cannot be opened", async () => {
    const { endpoint, other } = await opened();
    other.near.refuse = "wrong key";
    await expect(endpoint.change(other.near)).rejects.toThrow("wrong key");
  });
});
